using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Protocol;

[GenerateSerializer, Alias("orleansps.MessageHeader")]
internal struct MessageHeaderSurrogate
{
    [Id(0)] public long Generation;
    [Id(1)] public long Term;
    [Id(2)] public long Epoch;
    [Id(3)] public int Rank;
    [Id(4)] public long Incarnation;
    [Id(5)] public long Step;
    [Id(6)] public long Clock;
    [Id(7)] public int Sequence;
    [Id(8)] public long Cut;
    [Id(9)] public long Certificate;
    [Id(10)] public long Policy;
}

[RegisterConverter]
internal sealed class MessageHeaderConverter : IConverter<MessageHeader, MessageHeaderSurrogate>
{
    public MessageHeader ConvertFromSurrogate(in MessageHeaderSurrogate s) =>
        new(s.Generation, s.Term, s.Epoch, s.Rank, s.Incarnation, s.Step, s.Clock, s.Sequence, s.Cut, s.Certificate) { Policy = s.Policy };

    public MessageHeaderSurrogate ConvertToSurrogate(in MessageHeader v) => new()
    {
        Generation = v.Generation, Term = v.Term, Epoch = v.Epoch, Rank = v.Rank, Incarnation = v.Incarnation, Step = v.Step,
        Clock = v.Clock, Sequence = v.Sequence, Cut = v.Cut, Certificate = v.Certificate,
        Policy = v.Policy,
    };
}

[GenerateSerializer, Alias("orleansps.BlockReply")]
internal struct BlockReplySurrogate
{
    [Id(0)] public byte Status;
    [Id(1)] public long Version;
    [Id(2)] public long From;
    [Id(3)] public long Generation;
}

[RegisterConverter]
internal sealed class BlockReplyConverter : IConverter<BlockReply, BlockReplySurrogate>
{
    public BlockReply ConvertFromSurrogate(in BlockReplySurrogate s) => new((BlockStatus)s.Status, s.Version, s.From, s.Generation);

    public BlockReplySurrogate ConvertToSurrogate(in BlockReply v) =>
        new() { Status = (byte)v.Status, Version = v.Version, From = v.From, Generation = v.Generation };
}

[GenerateSerializer, Alias("orleansps.Certificate")]
internal struct CertificateSurrogate
{
    [Id(0)] public long Round;
    [Id(3)] public int[] Firsts;
    [Id(4)] public int[] Counts;
    [Id(5)] public long[] Incarnations;
}

[RegisterConverter]
internal sealed class CertificateConverter : IConverter<Certificate, CertificateSurrogate>
{
    public Certificate ConvertFromSurrogate(in CertificateSurrogate s)
    {
        var (firsts, counts, incarnations) = (s.Firsts ?? [], s.Counts ?? [], s.Incarnations ?? []);
        if (firsts.Length != incarnations.Length || firsts.Length != counts.Length) throw new InvalidDataException("A certificate has ranks without incarnations.");
        var runs = new MemberRun[firsts.Length];
        for (var i = 0; i < runs.Length; i++) runs[i] = new(firsts[i], counts[i], incarnations[i]);
        return new(s.Round, CertificateMembers.OfRuns(runs) ?? throw new InvalidDataException("A certificate's ranks are not ascending."));
    }

    public CertificateSurrogate ConvertToSurrogate(in Certificate v)
    {
        var runs = v.Runs;
        var s = new CertificateSurrogate { Round = v.Round, Firsts = new int[runs.Length], Counts = new int[runs.Length], Incarnations = new long[runs.Length] };
        for (var i = 0; i < runs.Length; i++) (s.Firsts[i], s.Counts[i], s.Incarnations[i]) = (runs[i].First, runs[i].Count, runs[i].Incarnation);
        return s;
    }
}

[GenerateSerializer, Alias("orleansps.ChunkRecord")]
internal struct ChunkRecordSurrogate
{
    [Id(0)] public int Block;
    [Id(1)] public string Name;
    [Id(2)] public long Bytes;
    [Id(3)] public string Sha256;
    [Id(4)] public ChunkRecord? Base;
}

[RegisterConverter]
internal sealed class ChunkRecordConverter : IConverter<ChunkRecord, ChunkRecordSurrogate>
{
    public ChunkRecord ConvertFromSurrogate(in ChunkRecordSurrogate s) => new(s.Block, s.Name, s.Bytes, s.Sha256) { Base = s.Base };

    public ChunkRecordSurrogate ConvertToSurrogate(in ChunkRecord v) =>
        new() { Block = v.Block, Name = v.Name, Bytes = v.Bytes, Sha256 = v.Sha256, Base = v.Base };
}

[GenerateSerializer, Alias("orleansps.DedupeImage")]
internal struct DedupeImageSurrogate
{
    [Id(0)] public int Rank;
    [Id(1)] public long Incarnation;
    [Id(2)] public long Step;
    [Id(3)] public ulong[] Bits;
}

[RegisterConverter]
internal sealed class DedupeImageConverter : IConverter<DedupeImage, DedupeImageSurrogate>
{
    public DedupeImage ConvertFromSurrogate(in DedupeImageSurrogate s) => new(s.Rank, s.Incarnation, s.Step, s.Bits ?? []);

    public DedupeImageSurrogate ConvertToSurrogate(in DedupeImage v) =>
        new() { Rank = v.Rank, Incarnation = v.Incarnation, Step = v.Step, Bits = v.Bits };
}
