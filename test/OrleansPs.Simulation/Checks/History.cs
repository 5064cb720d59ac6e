using OrleansPs.Core.Consistency;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Simulation;

/// <summary>Where a rank is by the decisions in the record.</summary>
internal sealed class RankLine
{
    public long Step { get; set; }

    public long Clock { get; set; }

    public long Incarnation { get; set; }

    public bool Participates { get; set; }

    public IReadOnlyList<InheritedCursor> Inherited { get; set; } = [];
}

/// <summary>What was finished under one policy.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="Finished">See <see cref="History.Finished"/>; what was finished before it was is <see cref="History.Before"/>.</param>
/// <param name="FinishedAt">See <see cref="History.FinishedAt"/>.</param>
internal sealed record PolicyLine(TrainingPolicy Policy, long[] Finished, long[] FinishedAt);

/// <summary>
/// What one generation's decisions amount to, worked out a second time from the entries alone, in the plainest way; and whether each
/// decision was right.
/// </summary>
internal sealed class History
{
    /// <summary>The clock of what a snapshot brought in: before all others.</summary>
    public const long Before = long.MinValue;

    /// <summary>The clock of what is not finished.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Of the real parameter's optimizer.</summary>
    public const double Momentum = 0.5;

    /// <summary>Of the real parameter's optimizer: the first update is taken whole, so it matters which one is the first.</summary>
    public const double Dampening = 0.25;

    private readonly World _world;
    private readonly Workload _work;
    private readonly SortedDictionary<int, RankLine> _lines = [];
    private readonly List<(long Clock, int Rank, long Incarnation, Item Item)> _contributions = [];
    private readonly List<float[]> _real = [];
    private readonly List<float[]?> _momentum = [];
    private readonly List<RealRows> _realRows = [];
    private readonly long _firstRound;
    private readonly Dictionary<long, PolicyLine> _policies = [];

    public History(World world, long generation, SnapshotManifest? from, ControlState state)
    {
        _world = world;
        _work = world.Work;
        Generation = generation;
        Policy = state.Policy;
        _firstRound = Round = MinClock = from?.Round ?? 0;
        Finished = [.. Enumerable.Repeat(Never, _work.Owners * _work.Items)];
        FinishedAt = new long[Finished.Length];
        DoneBy = new int[Finished.Length];
        Attempted = new bool[_work.Size];
        Twice = new bool[_work.Size];
        _policies[Policy.Number] = new(Policy, Finished, FinishedAt);
        if (world.Model.RealParameter >= 0)
        {
            _real.Add(from is null ? new float[world.RealLength] : world.Histories[from.Generation].RealAt(from.Round));
            _momentum.Add(from is null ? null : world.Histories[from.Generation].MomentumAt(from.Round));
            _realRows.Add(from is null ? new(world.Model.Rows?.Lifetime) : world.Histories[from.Generation].RealRowsAt(from.Round));
        }
        Expect("P6", Policy == (from?.Policy ?? TrainingPolicy.Of(world.Spec)), $"it begins with {Policy}");
        foreach (var rank in state.Ranks.Values.Select(r => r.Record))
        {
            _lines[rank.Rank] = new()
            {
                Step = rank.Step,
                Clock = rank.Clock,
                Incarnation = rank.Incarnation,
                Participates = rank.Status is WorkerStatus.Live or WorkerStatus.Expected,
                Inherited = rank.Inherited,
            };
        }
        if (from is not null) Load(from);
    }

    public long Generation { get; }

    /// <summary>BSP: how many rounds are closed.</summary>
    public long Round { get; private set; }

    public long MinClock { get; private set; }

    /// <summary>The newest policy.</summary>
    public TrainingPolicy Policy { get; private set; }

    /// <summary>What was finished under a policy, and under those before.</summary>
    public PolicyLine Under(long policy) => _policies[policy];

    /// <summary>By item: the clock (BSP: the closed round) it was finished at.</summary>
    public long[] Finished { get; private set; }

    /// <summary>By item: the count of finished items when it was finished.</summary>
    public long[] FinishedAt { get; private set; }

    /// <summary>By item: which rank finished it.</summary>
    public int[] DoneBy { get; }

    public long FinishCount { get; private set; }

    /// <summary>By push: whether anybody sent it in this generation while there were no rounds, or the snapshot has it of an open step.</summary>
    public bool[] Attempted { get; }

    /// <summary>
    /// By push: whether it belongs to the half step of a rank that is no more (SSP, ASP). Who inherits its data does the whole step
    /// again under another name, so blocks can't tell that they have some of it.
    /// </summary>
    public bool[] Twice { get; }

    public List<Certificate> Certificates { get; } = [];

    public IReadOnlyDictionary<int, RankLine> Lines => _lines;

    public Item? ItemOf(int rank, long step) =>
        _work.ItemOf(rank, step, _lines.TryGetValue(rank, out var line) ? line.Inherited : []);

    /// <summary>BSP: the real parameter after so many rounds.</summary>
    public float[] RealAt(long round) => _real[(int)(round - _firstRound)];

    /// <summary>BSP: a key's row in the real table after so many rounds; null if it has none.</summary>
    public RealRows.Row? RealRowAt(long round, long key) => RealRowsAt(round).At(key, round);

    private RealRows RealRowsAt(long round) => _realRows[(int)(round - _firstRound)];

    private float[]? MomentumAt(long round) => _momentum[(int)(round - _firstRound)];

    /// <summary>Whether somebody else does a rank's data now.</summary>
    public bool HasHeir(int rank) => _lines.Values.Any(l => l.Inherited.Any(i => i.Rank == rank));

    public void Attempt(int rank, long step, long policy)
    {
        if (!_policies.TryGetValue(policy, out var line) || line.Policy.IsRounds) return;
        if (ItemOf(rank, step) is not { } item) return;
        for (var call = 0; call < _work.PushCalls; call++) Attempted[_work.Id(item, call)] = true;
    }

    public void Apply(ControlEntry entry)
    {
        switch (entry)
        {
            case RankJoined e: Join(e); break;
            case StepFinished e: Finish(e); break;
            case RankRetired e: Line(e.Rank).Participates = false; break;
            case RoundClosed e: CloseRound(e.Certificate); break;
            case PolicyChanged e: ChangePolicy(e); break;
            case PolicyTaken e: Expect("P6", e.Number == Policy.Number, $"{e} while {Policy} is the newest"); break;
        }
        RaiseMinClock();
    }

    private void Load(SnapshotManifest manifest)
    {
        foreach (var rank in manifest.Ranks)
        {
            foreach (var item in _work.Done(rank.Rank, rank.Step, rank.Inherited))
            {
                Finished[_work.Number(item)] = Before;
                FinishCount++;
            }
        }
        foreach (var open in manifest.Open)
        {
            var inherited = manifest.Ranks.FirstOrDefault(r => r.Rank == open.Rank)?.Inherited ?? [];
            if (_work.ItemOf(open.Rank, open.Step, inherited) is { } item)
                for (var call = 0; call < _work.PushCalls; call++)
                {
                    Attempted[_work.Id(item, call)] = true;
                    if (HasHeir(open.Rank)) Twice[_work.Id(item, call)] = true;
                }
        }
        var before = _world.Histories[manifest.Generation].Twice;
        for (var id = 0; id < Twice.Length; id++) Twice[id] |= before[id];
    }

    private RankLine Line(int rank)
    {
        if (!_lines.TryGetValue(rank, out var line)) _lines.Add(rank, line = new());
        return line;
    }

    private void Join(RankJoined e)
    {
        var line = Line(e.Rank);
        Expect("P1", e.Incarnation == line.Incarnation + 1, $"{e} follows incarnation {line.Incarnation}");
        if (Policy.IsRounds)
        {
            var has = _contributions.Any(c => c.Rank == e.Rank && c.Clock == Round);
            Expect("P3", e.Clock == (has ? Round + 1 : Round), $"{e} while round {Round} is open, contributed: {has}");
        }
        else if (Policy.Consistency.Mode == ConsistencyMode.StaleSynchronous)
        {
            Expect("P7", e.Clock >= MinClock, $"{e} has others wait out an old gap, since the slowest clock is {MinClock}");
        }
        (line.Incarnation, line.Clock, line.Participates) = (e.Incarnation, e.Clock, true);
    }

    private void Finish(StepFinished e)
    {
        var line = Line(e.Rank);
        Expect("P1", line.Participates, $"{e}, though the rank does not take part");
        if (ItemOf(e.Rank, line.Step) is not { } item)
        {
            Expect("P1", false, $"{e}: step {line.Step} has no data");
            return;
        }
        Expect("P5", e.Cursor == Workload.CursorOf(line.Step + 1), $"{e} ends step {line.Step}");
        Expect("P1", Finished[_work.Number(item)] == Never, $"{item} was finished before {e}");
        Attempt(e.Rank, line.Step, Policy.Number);
        if (Policy.IsRounds)
        {
            Expect("P3", line.Clock == Round, $"{e} at clock {line.Clock} while round {Round} is open");
            _contributions.Add((line.Clock, e.Rank, line.Incarnation, item));
        }
        else
        {
            Finished[_work.Number(item)] = line.Clock;
            FinishedAt[_work.Number(item)] = FinishCount++;
            DoneBy[_work.Number(item)] = e.Rank;
        }
        line.Step++;
        line.Clock++;
    }

    private void CloseRound(Certificate certificate)
    {
        Expect("P3", certificate.Round == Round, $"{certificate} closes round {Round}");
        var due = _contributions.Where(c => c.Clock == Round).OrderBy(c => c.Rank).ToArray();
        var members = due.Select(c => new CertificateMember(c.Rank, c.Incarnation)).ToArray();
        Expect("P3", members.SequenceEqual(certificate.Members),
            $"round {Round} closes with {string.Join(' ', certificate.Members)}; contributed have {string.Join(' ', members)}");
        var missing = _lines.Where(l => l.Value.Participates && !due.Any(c => c.Rank == l.Key)).Select(l => l.Key).ToArray();
        Expect("P3", due.Length > 0 && missing.Length <= Policy.BackupWorkers,
            $"round {Round} closes without ranks {string.Join(' ', missing)}, and {Policy.BackupWorkers} are backup workers");
        foreach (var contribution in due) Finished[_work.Number(contribution.Item)] = Round;
        _contributions.RemoveAll(c => c.Clock == Round);
        if (_world.Model.RealParameter >= 0)
        {
            _real.Add(NextReal(due.Select(c => c.Item)));
            _realRows.Add(_realRows[^1].Next(Round, due.Select(c => RealRowsOf(c.Item))));
        }
        Certificates.Add(certificate);
        Round++;
    }

    /// <summary>All that was finished was so before: whoever works by the new policy has to see it.</summary>
    private void ChangePolicy(PolicyChanged e)
    {
        Expect("P6", e.Policy.Number == Policy.Number + 1, $"{e} follows {Policy}");
        Expect("P6", _contributions.Count == 0, $"{e} while a round has begun");
        Expect("P6", _world.AtWork(this) is not { } rank, $"{e} while rank {_world.AtWork(this)} is at work");
        var clocks = _lines.Values.Where(l => l.Participates).Select(l => l.Clock).Append(MinClock).Max();
        Expect("P6", !e.Policy.IsRounds || e.Clock == clocks, $"{e}, and the fastest clock is {clocks}");
        foreach (var line in _lines.Values.Where(l => l.Participates)) line.Clock = e.Policy.IsRounds ? e.Clock : Math.Max(line.Clock, MinClock);
        Policy = e.Policy;
        Finished = [.. Finished.Select(clock => clock == Never ? Never : Before)];
        FinishedAt = new long[Finished.Length];
        _policies[Policy.Number] = new(Policy, Finished, FinishedAt);
        Certificates.Clear();
        if (Policy.IsRounds) Round = e.Clock;
        _world.PolicyChanges++;
    }

    /// <summary>
    /// The sum over ranks, in rank order, of each rank's sum over its pushes, in their order; given to SGD with momentum, whose
    /// buffer is the first gradient itself.
    /// </summary>
    private float[] NextReal(IEnumerable<Item> items)
    {
        var next = (float[])_real[^1].Clone();
        float[]? total = null;
        foreach (var item in items)
        {
            if (RealOf(item) is not { } sum) continue;
            if (total is null) total = sum;
            else Add(total, sum);
        }
        var buffer = total is null ? _momentum[^1] : NextMomentum(total);
        for (var i = 0; total is not null && i < next.Length; i++) next[i] -= buffer![i];
        _momentum.Add(buffer);
        return next;
    }

    private float[] NextMomentum(float[] gradient)
    {
        if (_momentum[^1] is not { } before) return gradient;
        var next = new float[gradient.Length];
        for (var i = 0; i < next.Length; i++) next[i] = ((float)Momentum * before[i]) + ((float)(1 - Dampening) * gradient[i]);
        return next;
    }

    private float[]? RealOf(Item item)
    {
        float[]? sum = null;
        var script = _work.Script(item);
        for (var call = 0; call < script.Length; call++)
        {
            if (!script[call].Contains(_world.Model.RealParameter)) continue;
            var gradient = new float[_world.RealLength];
            _work.FillReal(_work.Id(item, call), gradient);
            if (sum is null) sum = gradient;
            else Add(sum, gradient);
        }
        return sum;
    }

    private IEnumerable<(long, float[])> RealRowsOf(Item item) => _world.Model.Rows is not { } rows ? []
        : Enumerable.Range(0, _work.Script(item).Length).SelectMany(call => rows.RealOf(_work.Id(item, call)));

    private static void Add(float[] to, float[] what)
    {
        for (var i = 0; i < to.Length; i++) to[i] += what[i];
    }

    private void RaiseMinClock()
    {
        if (Policy.IsRounds)
        {
            // A round may close without a rank that takes part.
            MinClock = Round;
            return;
        }
        var clocks = _lines.Values.Where(l => l.Participates).Select(l => l.Clock).ToArray();
        if (clocks.Length > 0) MinClock = Math.Max(MinClock, clocks.Min());
    }

    private void Expect(string promise, bool holds, string otherwise)
    {
        if (!holds) _world.Violate(promise, $"In the record of generation {Generation}: {otherwise}.");
    }
}
