using System.Buffers;
using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Replication;

/// <summary>
/// The newest entries of a primary: those that some standby may lack. It owns copies of their gradients, in pooled memory.
/// </summary>
/// <remarks>
/// Pushes are acknowledged only when the standby has them, so it holds at most what sessions may have open; while a new standby
/// is brought up to date it grows with what comes meanwhile, which its owner bounds.
/// </remarks>
internal sealed class ReplicationLog
{
    private readonly Queue<LoggedEntry> _entries = new();

    /// <summary>The index of the oldest entry held; meaningless when there is none.</summary>
    public long First => _entries.TryPeek(out var first) ? first.Entry.Index : 0;

    public int Count => _entries.Count;

    /// <summary>The bytes of all gradients held.</summary>
    public long Bytes { get; private set; }

    public void Append(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        var logged = LoggedEntry.CopyOf(entry, gradient);
        _entries.Enqueue(logged);
        Bytes += logged.Bytes;
    }

    /// <summary>Forgets entries up to an index.</summary>
    public void TrimTo(long index)
    {
        while (_entries.TryPeek(out var first) && first.Entry.Index <= index)
        {
            _entries.Dequeue();
            Bytes -= first.Bytes;
            first.Dispose();
        }
    }

    public void Clear() => TrimTo(long.MaxValue);

    /// <summary>Reads entries behind an index, at least one if there is one, and about so many bytes.</summary>
    public void Read(long after, long bytes, List<LoggedEntry> into)
    {
        foreach (var entry in _entries)
        {
            if (entry.Entry.Index <= after) continue;
            if (into.Count > 0 && bytes < entry.Bytes) return;
            into.Add(entry);
            bytes -= entry.Bytes;
        }
    }
}

/// <summary>
/// An entry with its gradient. A log's own belong to the log, and may be read only until it is given another command; by who retains them, until
/// he disposes them. Not thread safe.
/// </summary>
public sealed class LoggedEntry : IDisposable
{
    private readonly float[] _floats = [];
    private readonly long[] _keys = [];
    private int _holders = 1;

    /// <summary>An entry whose gradient is somebody else's.</summary>
    public LoggedEntry(in BlockEntry entry, ReadOnlyMemory<SegmentSlice> gradient)
    {
        (Entry, Gradient) = (entry, gradient);
        foreach (var slice in gradient.Span) Bytes += ((long)slice.Values.Length * sizeof(float)) + ((long)slice.Keys.Length * sizeof(long));
    }

    private LoggedEntry(in BlockEntry entry, SegmentSlice[] gradient, float[] floats, long[] keys) : this(entry, gradient) =>
        (_floats, _keys) = (floats, keys);

    /// <summary>The entry.</summary>
    public BlockEntry Entry { get; }

    /// <summary>The gradient's pieces.</summary>
    public ReadOnlyMemory<SegmentSlice> Gradient { get; }

    /// <summary>The gradient's bytes.</summary>
    public long Bytes { get; }

    /// <summary>Copies an entry; as a standby's host makes of a message what <see cref="ReplicatedBlock.Accept"/> takes.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="gradient">The gradient's pieces; theirs again when this returns.</param>
    public static LoggedEntry CopyOf(in BlockEntry entry, ReadOnlySpan<SegmentSlice> gradient)
    {
        var (length, count) = (0, 0);
        foreach (var slice in gradient) (length, count) = (length + slice.Values.Length, count + slice.Keys.Length);
        var floats = length == 0 ? [] : ArrayPool<float>.Shared.Rent(length);
        var keys = count == 0 ? [] : ArrayPool<long>.Shared.Rent(count);
        var slices = gradient.Length == 0 ? [] : new SegmentSlice[gradient.Length];
        var (float0, key0) = (0, 0);
        for (var i = 0; i < slices.Length; i++)
        {
            var (values, names) = (gradient[i].Values, gradient[i].Keys);
            slices[i] = new(gradient[i].Segment, floats.AsMemory(float0, values.Length)) { Keys = keys.AsMemory(key0, names.Length) };
            values.CopyTo(slices[i].Values);
            names.Span.CopyTo(keys.AsSpan(key0));
            (float0, key0) = (float0 + values.Length, key0 + names.Length);
        }
        return new(entry, slices, floats, keys);
    }

    /// <summary>Holds the gradient's memory until one more <see cref="Dispose"/>. Only who may read it may retain it.</summary>
    public void Retain() => _holders++;

    /// <summary>Gives one hold up: the memory goes back to the pool with the last.</summary>
    public void Dispose()
    {
        if (--_holders != 0) return;
        if (_floats.Length > 0) ArrayPool<float>.Shared.Return(_floats);
        if (_keys.Length > 0) ArrayPool<long>.Shared.Return(_keys);
    }
}
