using OrleansPs.Core.Consistency;

namespace OrleansPs.Simulation;

/// <summary>Where the second copy of a control record is, and which life of it.</summary>
internal sealed record WitnessSite(string Silo, Guid Nonce);

/// <summary>The second copy of a control record, on another silo than the coordinator.</summary>
internal sealed class SimWitness
{
    private readonly SimRecord _judge;
    private readonly ControlRecord _record;

    public SimWitness(World world, SimRecord judge, byte[] state, long term)
    {
        _judge = judge;
        _record = new(world.Spec, ControlStateCodec.Decode(world.Spec, state));
        _record.Raise(term);
    }

    /// <summary>Raises the term and reads; null if a newer one was raised.</summary>
    public byte[]? Raise(long term) => _record.Raise(term) is { } state ? ControlStateCodec.Encode(state) : null;

    public WitnessAnswer Append(long term, long index, byte[] entry)
    {
        if (!_record.Append(term, index, ControlEntryCodec.Decode(entry))) return WitnessAnswer.Refused;
        _judge.Commit(term, index, entry);
        return WitnessAnswer.Accepted;
    }
}

/// <summary>What a witness says to an entry.</summary>
internal enum WitnessAnswer
{
    Accepted,
    Refused,

    /// <summary>There is no such witness.</summary>
    Unknown,
}
