using OrleansPs.Core.Messages;

namespace OrleansPs.Protocol;

[GenerateSerializer, Alias("orleansps.JoinCommand")]
internal struct JoinCommandSurrogate
{
    [Id(0)] public int Rank;
    [Id(1)] public Guid Nonce;
    [Id(2)] public long Incarnation;
    [Id(3)] public long Generation;
}

[RegisterConverter]
internal sealed class JoinCommandConverter : IConverter<JoinCommand, JoinCommandSurrogate>
{
    public JoinCommand ConvertFromSurrogate(in JoinCommandSurrogate s) => new(s.Rank, s.Nonce, s.Incarnation, s.Generation);

    public JoinCommandSurrogate ConvertToSurrogate(in JoinCommand v) =>
        new() { Rank = v.Rank, Nonce = v.Nonce, Incarnation = v.Incarnation, Generation = v.Generation };
}

[GenerateSerializer, Alias("orleansps.InheritedCursor")]
internal struct InheritedCursorSurrogate
{
    [Id(0)] public int Rank;
    [Id(1)] public long Step;
    [Id(2)] public long Cursor;
}

[RegisterConverter]
internal sealed class InheritedCursorConverter : IConverter<InheritedCursor, InheritedCursorSurrogate>
{
    public InheritedCursor ConvertFromSurrogate(in InheritedCursorSurrogate s) => new(s.Rank, s.Step, s.Cursor);

    public InheritedCursorSurrogate ConvertToSurrogate(in InheritedCursor v) => new() { Rank = v.Rank, Step = v.Step, Cursor = v.Cursor };
}

[GenerateSerializer, Alias("orleansps.JoinReply")]
internal struct JoinReplySurrogate
{
    [Id(0)] public byte Status;
    [Id(1)] public long Generation;
    [Id(2)] public long Term;
    [Id(3)] public long Incarnation;
    [Id(4)] public long Step;
    [Id(5)] public long Clock;
    [Id(6)] public long Cursor;
    [Id(7)] public long MinClock;
    [Id(8)] public long Cut;
    [Id(9)] public long RestoredCut;
    [Id(10)] public Certificate[] Certificates;
    [Id(11)] public InheritedCursor[] Inherited;
    [Id(12)] public long MapVersion;
    [Id(13)] public TrainingPolicy? Policy;
}

[RegisterConverter]
internal sealed class JoinReplyConverter : IConverter<JoinReply, JoinReplySurrogate>
{
    public JoinReply ConvertFromSurrogate(in JoinReplySurrogate s) => new(
        (CoordinatorStatus)s.Status, s.Generation, s.Term, s.Incarnation, s.Step, s.Clock, s.Cursor, s.MinClock, s.Cut,
        s.RestoredCut, s.Certificates ?? [], s.Inherited ?? [])
    { MapVersion = s.MapVersion, Policy = s.Policy };

    public JoinReplySurrogate ConvertToSurrogate(in JoinReply v) => new()
    {
        Status = (byte)v.Status, Generation = v.Generation, Term = v.Term, Incarnation = v.Incarnation, Step = v.Step,
        Clock = v.Clock, Cursor = v.Cursor, MinClock = v.MinClock, Cut = v.Cut, RestoredCut = v.RestoredCut,
        Certificates = [.. v.Certificates], Inherited = [.. v.Inherited], MapVersion = v.MapVersion, Policy = v.Policy,
    };
}

[GenerateSerializer, Alias("orleansps.ClockCommand")]
internal struct ClockCommandSurrogate
{
    [Id(0)] public long Generation;
    [Id(1)] public int Rank;
    [Id(2)] public long Incarnation;
    [Id(3)] public long Step;
    [Id(4)] public long Cursor;
}

[RegisterConverter]
internal sealed class ClockCommandConverter : IConverter<ClockCommand, ClockCommandSurrogate>
{
    public ClockCommand ConvertFromSurrogate(in ClockCommandSurrogate s) => new(s.Generation, s.Rank, s.Incarnation, s.Step, s.Cursor);

    public ClockCommandSurrogate ConvertToSurrogate(in ClockCommand v) =>
        new() { Generation = v.Generation, Rank = v.Rank, Incarnation = v.Incarnation, Step = v.Step, Cursor = v.Cursor };
}

[GenerateSerializer, Alias("orleansps.ClockReply")]
internal struct ClockReplySurrogate
{
    [Id(0)] public byte Status;
    [Id(1)] public long Clock;
    [Id(2)] public long MinClock;
    [Id(3)] public long Cut;
    [Id(4)] public long Term;
    [Id(5)] public Certificate? Certificate;
    [Id(6)] public long MapVersion;
    [Id(7)] public TrainingPolicy? Policy;
}

[RegisterConverter]
internal sealed class ClockReplyConverter : IConverter<ClockReply, ClockReplySurrogate>
{
    public ClockReply ConvertFromSurrogate(in ClockReplySurrogate s) =>
        new((CoordinatorStatus)s.Status, s.Clock, s.MinClock, s.Cut, s.Term, s.Certificate)
        { MapVersion = s.MapVersion, Policy = s.Policy };

    public ClockReplySurrogate ConvertToSurrogate(in ClockReply v) => new()
    {
        Status = (byte)v.Status, Clock = v.Clock, MinClock = v.MinClock, Cut = v.Cut, Term = v.Term, Certificate = v.Certificate,
        MapVersion = v.MapVersion, Policy = v.Policy,
    };
}

[GenerateSerializer, Alias("orleansps.PresenceCommand")]
internal struct PresenceCommandSurrogate
{
    [Id(0)] public byte Kind;
    [Id(1)] public long Generation;
    [Id(2)] public int Rank;
    [Id(3)] public long Incarnation;
}

[RegisterConverter]
internal sealed class PresenceCommandConverter : IConverter<PresenceCommand, PresenceCommandSurrogate>
{
    public PresenceCommand ConvertFromSurrogate(in PresenceCommandSurrogate s) =>
        new((PresenceKind)s.Kind, s.Generation, s.Rank, s.Incarnation);

    public PresenceCommandSurrogate ConvertToSurrogate(in PresenceCommand v) =>
        new() { Kind = (byte)v.Kind, Generation = v.Generation, Rank = v.Rank, Incarnation = v.Incarnation };
}

[GenerateSerializer, Alias("orleansps.PresenceReply")]
internal struct PresenceReplySurrogate
{
    [Id(0)] public byte Status;
    [Id(1)] public long MinClock;
    [Id(2)] public long MapVersion;
}

[RegisterConverter]
internal sealed class PresenceReplyConverter : IConverter<PresenceReply, PresenceReplySurrogate>
{
    public PresenceReply ConvertFromSurrogate(in PresenceReplySurrogate s) =>
        new((CoordinatorStatus)s.Status, s.MinClock) { MapVersion = s.MapVersion };

    public PresenceReplySurrogate ConvertToSurrogate(in PresenceReply v) =>
        new() { Status = (byte)v.Status, MinClock = v.MinClock, MapVersion = v.MapVersion };
}
