using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Protocol;

namespace OrleansPs.Grains;

/// <summary>A coordinator's command on its way to a replica.</summary>
[GenerateSerializer, Alias("orleansps.ReplicaOrder")]
internal sealed record ReplicaOrder(
    [property: Id(0)] long Term, [property: Id(1)] long Order, [property: Id(2)] ReplicaTask Task, [property: Id(3)] long Epoch,
    [property: Id(4)] ReplicaPlace? Standby)
{
    public static ReplicaOrder Of(ReplicaCommand command) => new(
        command.Stamp.Term, command.Stamp.Order, command.Task, command.Epoch, command.Standby is { } s ? ReplicaPlace.Of(s) : null);

    public ReplicaCommand ToCommand() => new(new(Term, Order), Task, Epoch, Standby?.ToSite());
}

/// <summary>Where a replica is.</summary>
[GenerateSerializer, Alias("orleansps.ReplicaPlace")]
internal sealed record ReplicaPlace([property: Id(0)] string Key, [property: Id(1)] string Silo, [property: Id(2)] Guid Nonce)
{
    public static ReplicaPlace Of(ReplicaSite site) => new(site.Key, site.Silo, site.Nonce);

    public ReplicaSite ToSite() => new(Key, Silo, Nonce);
}

/// <summary>A piece of a primary's state on its way to a new standby.</summary>
[GenerateSerializer, Alias("orleansps.StatePiece")]
internal sealed record StatePiece(
    [property: Id(0)] long Generation, [property: Id(1)] long Epoch, [property: Id(2)] int Offset, [property: Id(3)] int Total,
    [property: Id(4)] byte[] Bytes);

/// <summary>What a standby says to entries.</summary>
[GenerateSerializer, Alias("orleansps.AcceptReply")]
internal readonly record struct AcceptReply(
    [property: Id(0)] StandbyStatus Status, [property: Id(1)] long LastEntry, [property: Id(2)] long Epoch);

/// <summary>An entry of a block's log on its way to the standby. The gradients of all entries of a message come in one payload, in order.</summary>
/// <param name="Epoch">See <see cref="BlockEntry"/>, as all but the last.</param>
/// <param name="Index">Its place in the log.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Header">Of the push or command.</param>
/// <param name="Certificate">Of the round.</param>
/// <param name="Cut">The cut.</param>
/// <param name="CutWritten">Whether it was written.</param>
/// <param name="Slices">How many pieces of the payload are this entry's.</param>
/// <param name="Policy">The policy.</param>
[GenerateSerializer, Alias("orleansps.EntryItem")]
internal readonly record struct EntryItem(
    [property: Id(0)] long Epoch, [property: Id(1)] long Index, [property: Id(2)] BlockEntryKind Kind, [property: Id(3)] MessageHeader Header,
    [property: Id(4)] Certificate? Certificate, [property: Id(5)] long Cut, [property: Id(6)] bool CutWritten, [property: Id(7)] int Slices,
    [property: Id(8)] TrainingPolicy? Policy);

/// <summary>Entries as items and a payload, and back.</summary>
internal static class EntryBatch
{
    /// <summary>The entries' items, and their gradients where they lie.</summary>
    public static (EntryItem[] Items, LentEntries? Gradients) Pack(List<LoggedEntry> entries)
    {
        var items = new EntryItem[entries.Count];
        var slices = 0;
        for (var i = 0; i < items.Length; i++)
        {
            var e = entries[i].Entry;
            items[i] = new(e.Epoch, e.Index, e.Kind, e.Header, e.Certificate, e.Cut, e.CutWritten, entries[i].Gradient.Length, e.Policy);
            slices += entries[i].Gradient.Length;
        }
        return (items, slices == 0 ? null : new LentEntries([.. entries], slices));
    }

    /// <summary>The entries, whose gradients are the payload's; null if the payload did not come along.</summary>
    public static LoggedEntry[]? Unpack(EntryItem[] items, TensorPayload? gradients)
    {
        var entries = new LoggedEntry[items.Length];
        for (int i = 0, at = 0; i < items.Length; at += items[i].Slices, i++)
        {
            if (items[i].Slices > (gradients?.Slices.Length ?? 0) - at) return null;
            var e = new BlockEntry(
                items[i].Epoch, items[i].Index, items[i].Kind, items[i].Header, items[i].Certificate, items[i].Cut, items[i].CutWritten)
            { Policy = items[i].Policy };
            entries[i] = new(e, items[i].Slices == 0 ? default : gradients!.Slices.Slice(at, items[i].Slices));
        }
        return entries;
    }
}

/// <summary>
/// Entries whose gradients a message reads where they lie, though the log may forget them meanwhile. Whoever has written the message to a
/// connection says so, on any thread; their memory goes back in a turn of the grain that lent them.
/// </summary>
internal sealed class LentEntries : IDisposable
{
    private readonly LoggedEntry[] _entries;
    private volatile bool _isRead;

    public LentEntries(LoggedEntry[] entries, int slices)
    {
        _entries = entries;
        var gradients = new SegmentSlice[slices];
        var at = 0;
        foreach (var entry in entries)
        {
            entry.Retain();
            entry.Gradient.CopyTo(gradients.AsMemory(at));
            at += entry.Gradient.Length;
        }
        Payload = TensorPayload.Over(gradients, this);
    }

    public TensorPayload Payload { get; }

    /// <summary>The message is written, or never will be.</summary>
    public void Dispose() => _isRead = true;

    /// <summary>Gives the memory back if it is not read any more.</summary>
    public bool TryRelease()
    {
        if (!_isRead) return false;
        foreach (var entry in _entries) entry.Dispose();
        return true;
    }
}
