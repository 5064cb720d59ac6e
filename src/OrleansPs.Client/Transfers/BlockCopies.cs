using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client;

/// <summary>
/// Copies of what a session pulled under SSP(s), with a stamp for each segment: the slowest clock m that was known before
/// the request left. Every update from clocks below m is in the copy, so it may answer a pull at clock c, which must see
/// those up to c - s - 1, while m &gt;= c - s. At most one copy of the model.
/// </summary>
/// <remarks>Thread safe.</remarks>
internal sealed class BlockCopies
{
    private readonly Entry[] _entries;

    public BlockCopies(BlockLayout layout) => _entries = [.. layout.Blocks.Select(b => new Entry(b))];

    /// <summary>Copies are made where the options ask for them, while the policy has a bound to keep.</summary>
    public static BlockCopies? For(BlockLayout layout, WorkerOptions options) => options.Cache == PullCache.WithinBound ? new(layout) : null;

    /// <summary>Answers a pull of one block, wholly or not at all.</summary>
    public bool TryRead(SessionView view, int staleness, BlockTransfer transfer)
    {
        var entry = _entries[transfer.Block];
        lock (entry) return entry.TryRead(view, view.Clock - staleness, transfer.Values);
    }

    /// <summary>Keeps what a pull read, unless a newer copy is there.</summary>
    public void Store(SessionView view, BlockTransfer transfer)
    {
        var entry = _entries[transfer.Block];
        lock (entry) entry.Store(view, transfer.Values);
    }

    // What an earlier life of the session read stays unread, for its life is not the view's; nothing has to be cleared.
    private sealed class Entry(BlockShape shape)
    {
        private readonly long[] _stamps = new long[shape.Segments.Count];
        private float[] _values = [];
        private int _life = -1;

        public bool TryRead(SessionView view, long oldest, SegmentSlice[] destinations)
        {
            if (_life != view.Life) return false;
            foreach (var slice in destinations)
                if (_stamps[slice.Segment] < oldest || _stamps[slice.Segment] == long.MinValue) return false;
            foreach (var slice in destinations) Copy(slice.Segment).CopyTo(slice.Values.Span);
            return true;
        }

        public void Store(SessionView view, SegmentSlice[] sources)
        {
            if (view.Life < _life) return;
            if (view.Life > _life) Forget(view.Life);
            foreach (var slice in sources)
            {
                if (_stamps[slice.Segment] > view.MinClock) continue;
                slice.Values.Span.CopyTo(Copy(slice.Segment));
                _stamps[slice.Segment] = view.MinClock;
            }
        }

        private void Forget(int life)
        {
            _life = life;
            Array.Fill(_stamps, long.MinValue);
            if (_values.Length == 0) _values = GC.AllocateUninitializedArray<float>(shape.Length);
        }

        private Span<float> Copy(int segment) =>
            _values.AsSpan(shape.Segments[segment].Offset, shape.Segments[segment].Length);
    }
}
