using System.Numerics;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// Cuts: when one begins, what it consists of, and when it is whole. One is open at a time. Under BSP it is the last closed
/// round, and no round closes until all blocks have frozen it. Otherwise each rank adopts it where it next stands still (at its
/// clock, or when it joins or leaves), and when all have, every push from before it is acknowledged.
/// </summary>
public sealed partial class Coordinator
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly SortedDictionary<int, ChunkRecord> _chunks = [];
    private readonly List<OpenPushes> _openPushes = [];
    private bool _freezing;
    private bool _writing;
    private bool _wanted;
    private (TimeSpan At, long Clock) _opened;
    private (TimeSpan At, long Clock) _lastSnapshot;
    private TimeSpan _notBefore = TimeSpan.MinValue;
    private TimeSpan _pause = FirstPause;

    /// <summary>Asks for a snapshot; it begins as soon as no other one is open.</summary>
    /// <returns>The number of the cut that will be it.</returns>
    public long RequestSnapshot(TimeSpan now)
    {
        if (_stopped is not null) return 0;
        _wanted = true;
        Advance(now);
        return _wanted ? _state.NewestCut + 1 : _state.NewestCut;
    }

    /// <summary>All blocks hold a frozen copy: rounds go on, and the chunks are written.</summary>
    public void BlocksFrozen(long cut, TimeSpan now)
    {
        if (!IsOpen(cut) || !_freezing) return;
        _freezing = false;
        BeginToWrite();
        Advance(now);
    }

    /// <summary>One block of a cut is written.</summary>
    /// <param name="cut">The cut.</param>
    /// <param name="chunk">What was written.</param>
    /// <param name="dedupe">The dedupe state that the chunk holds.</param>
    public void ChunkWritten(long cut, ChunkRecord chunk, IReadOnlyList<DedupeImage> dedupe)
    {
        ArgumentNullException.ThrowIfNull(chunk);
        ArgumentNullException.ThrowIfNull(dedupe);
        if (!IsOpen(cut) || !_writing || !_chunks.TryAdd(chunk.Block, chunk)) return;
        foreach (var image in dedupe) RecordOpenPushes(chunk.Block, image);
        if (_chunks.Count == _blocks) Tell(Manifest());
    }

    /// <summary>The manifest is written: the cut can be restored.</summary>
    public void ManifestWritten(long cut, TimeSpan now)
    {
        if (!IsOpen(cut)) return;
        SnapshotError = null;
        (_lastSnapshot, _pause) = (_opened, FirstPause);
        Decide(new CutClosed(cut, Completed: true));
        Tell(new EndCut(cut, Completed: true, null));
        Reset();
        Advance(now);
    }

    /// <summary>
    /// A block could not be frozen, or the storage refused. Training goes on. What the cadence asks for is tried again after a
    /// pause, each one twice as long as the one before; what was asked for by hand is not: whoever asked is told, and may ask again.
    /// </summary>
    public void CutFailed(long cut, string reason, TimeSpan now)
    {
        if (!IsOpen(cut)) return;
        _notBefore = now + _pause;
        _pause = _pause * 2 < LongestPause ? _pause * 2 : LongestPause;
        AbortCut(reason);
        Advance(now);
    }

    private bool IsOpen(long cut) => _stopped is null && _state.OpenCut?.Cut == cut;

    private void AbortCut(string reason)
    {
        if (_state.OpenCut is not { } open) return;
        SnapshotError = reason;
        Decide(new CutClosed(open.Cut, Completed: false));
        Tell(new EndCut(open.Cut, Completed: false, reason));
        Reset();
    }

    private void Reset()
    {
        (_freezing, _writing) = (false, false);
        _chunks.Clear();
        _openPushes.Clear();
    }

    private void OpenDueCut(TimeSpan now)
    {
        if (_state.OpenCut is not null || _target is not null || _state.SwitchFrom is not null || !(_wanted || IsDue(now))) return;
        (_wanted, _opened) = (false, (now, _state.MinClock));
        Decide(new CutOpened(_state.NewestCut + 1));
        if (IsRounds)
        {
            _freezing = true;
            Tell(new FreezeBlocks(_state.NewestCut, _state.Round, [.. _state.Certificates]));
        }
    }

    /// <summary>Whether the cadence asks for a snapshot: it counts from the newest whole one, so one that failed stays due.</summary>
    private bool IsDue(TimeSpan now)
    {
        var durability = _spec.Durability;
        var byClock = durability.EveryClocks > 0
            && _state.MinClock / durability.EveryClocks > _lastSnapshot.Clock / durability.EveryClocks;
        var byTime = durability.Interval is { } interval && now - _lastSnapshot.At >= interval;
        return (byClock || byTime) && now >= _notBefore;
    }

    /// <summary>A rank that has not been let through has no push under way. One that has is not parked, or its gate is open.</summary>
    private void AdoptAtTheGate(OpenCut open)
    {
        var waiting = _parked.Keys.Where(r => !open.Positions.ContainsKey(r) && !IsOpenFor(_state.Ranks[r])).ToArray();
        if (waiting.Length > 0) Decide(new CutAdopted(waiting));
    }

    private void AdvanceCut()
    {
        if (_state.OpenCut is not { } open || _freezing || _writing) return;
        AdoptAtTheGate(open);
        if (_state.Ranks.Keys.All(open.Positions.ContainsKey)) BeginToWrite();
    }

    private void BeginToWrite()
    {
        _writing = true;
        Tell(new WriteChunks(_state.OpenCut!.Cut));
    }

    private void RecordOpenPushes(int block, DedupeImage image)
    {
        var finished = _state.OpenCut!.Positions.TryGetValue(image.Rank, out var position) ? position.Step : 0;
        if (image.Step < finished) return;
        var sequences = new List<int>();
        for (var w = 0; w < image.Bits.Length; w++)
            for (var bits = image.Bits[w]; bits != 0; bits &= bits - 1)
                sequences.Add(w * 64 + BitOperations.TrailingZeroCount(bits));
        _openPushes.Add(new(block, image.Rank, image.Step, sequences));
    }

    private WriteManifest Manifest()
    {
        var open = _state.OpenCut!;
        var ranks = open.Positions.Values.ToArray();
        var round = IsRounds ? open.Round : ranks.Where(IsParticipant).Select(r => r.Clock).DefaultIfEmpty(_state.MinClock).Min();
        return new(open.Cut, round, ranks, [.. _chunks.Values], [.. _openPushes.OrderBy(p => (p.Block, p.Rank))], _state.Policy);
    }

    private static bool IsParticipant(RankRecord record) => record.Status is WorkerStatus.Live or WorkerStatus.Expected;
}
