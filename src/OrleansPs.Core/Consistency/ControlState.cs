using OrleansPs.Core.Messages;
using OrleansPs.Core.Replication;
using OrleansPs.Core.Snapshots;

namespace OrleansPs.Core.Consistency;

/// <summary>
/// What is decided about a model: its ranks, rounds and cuts. It changes by <see cref="ControlEntry"/> alone, in order, and the
/// same entries make the same state.
/// </summary>
public sealed class ControlState
{
    private readonly RankTable _ranks = new();
    private readonly List<Certificate> _certificates = [];
    private readonly SortedDictionary<int, RankRecord> _roundStart = [];
    private readonly List<BlockSites> _map = [];

    private ControlState(ModelSpec spec, long generation)
    {
        Policy = TrainingPolicy.Of(spec);
        Generation = generation;
    }

    /// <summary>It rises whenever the model starts or is put back to a snapshot; what comes from another one is refused.</summary>
    public long Generation { get; }

    /// <summary>Under BSP the open round: how many rounds are closed.</summary>
    public long Round
    {
        get => _ranks.Round;
        private set => _ranks.Round = value;
    }

    /// <summary>The slowest participating clock; it never falls.</summary>
    public long MinClock { get; private set; }

    /// <summary>How many entries made this state.</summary>
    public long Index { get; private set; }

    /// <summary>The newest cut number given out.</summary>
    public long NewestCut { get; private set; }

    /// <summary>The newest complete cut, or 0.</summary>
    public long LastCut { get; private set; }

    /// <summary>The cut the model was last put back to, or 0.</summary>
    public long RestoredCut { get; private init; }

    /// <summary>The newest policy.</summary>
    public TrainingPolicy Policy { get; private set; }

    /// <summary>
    /// While blocks may not have heard of the newest policy yet: under BSP how many rounds they must have applied before, otherwise -1. Nobody
    /// passes the gate then. Null when all have it.
    /// </summary>
    public long? SwitchFrom { get; private set; }

    /// <summary>The open cut, or null.</summary>
    public OpenCut? OpenCut { get; private set; }

    /// <summary>All ranks ever expected or joined, by rank.</summary>
    public IReadOnlyDictionary<int, RankState> Ranks => _ranks.All;

    /// <summary>Under BSP how many ranks have contributed to the open round.</summary>
    internal int Contributed => _ranks.Contributed;

    /// <summary>Under BSP how many participating ranks have not.</summary>
    internal int Missing => _ranks.Missing;

    /// <summary>The certificates that blocks may still lack, ascending by round.</summary>
    public IReadOnlyList<Certificate> Certificates => _certificates;

    /// <summary>Who holds each block; empty where blocks don't move.</summary>
    public IReadOnlyList<BlockSites> Map => _map;

    /// <summary>It rises with each change of the map.</summary>
    public long MapVersion { get; private set; }

    /// <summary>Gives the state its first map, before anything is decided.</summary>
    /// <param name="map">The sites, by block.</param>
    /// <param name="version">The map's version.</param>
    public void BeginMap(IEnumerable<BlockSites> map, long version = 1)
    {
        _map.Clear();
        _map.AddRange(map);
        MapVersion = version;
    }

    /// <summary>The state of a new model: it waits for its first workers.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="generation">The model's generation.</param>
    /// <param name="newestCut">The newest cut number that a model of this name ever gave out.</param>
    public static ControlState Create(ModelSpec spec, long generation = 0, long newestCut = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var state = new ControlState(spec, generation) { NewestCut = newestCut };
        for (var rank = 0; rank < spec.Workers; rank++) state._ranks[rank] = RankState.Expected(rank);
        return state;
    }

    /// <summary>The state of a model that is put back to a snapshot.</summary>
    /// <param name="spec">The model's spec.</param>
    /// <param name="manifest">The snapshot.</param>
    /// <param name="generation">The new generation.</param>
    /// <param name="newestCut">The newest cut number ever given out.</param>
    /// <param name="workers">How many workers go on; null for those of the cut.</param>
    public static ControlState Restore(
        ModelSpec spec, SnapshotManifest manifest, long generation, long newestCut, int? workers = null)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(manifest);
        var state = new ControlState(spec, generation)
        {
            RestoredCut = manifest.Cut,
            Round = manifest.Round,
            MinClock = manifest.Round,
            NewestCut = Math.Max(newestCut, manifest.Cut),
            LastCut = manifest.Cut,
        };
        // Restored blocks begin with the policy of the spec, as new ones do.
        if (manifest.Policy is { } policy) (state.Policy, state.SwitchFrom) = (policy, -1);
        foreach (var record in RestoredRanks.Of(manifest, workers, spec.RankLimit))
        {
            state._ranks[record.Rank] = new() { Record = record, Cut = state.NewestCut };
            state._roundStart[record.Rank] = record;
        }
        return state;
    }

    /// <summary>Each rank as it was when the open round began (BSP).</summary>
    internal IReadOnlyDictionary<int, RankRecord> RoundStart => _roundStart;

    internal static ControlState Load(
        ModelSpec spec, long generation, long round, long minClock, long index, long newestCut, long lastCut, long restoredCut,
        long openCut, IReadOnlyList<RankState> ranks, IReadOnlyList<Certificate> certificates, IReadOnlyList<RankRecord> roundStart,
        TrainingPolicy? policy, long? switchFrom)
    {
        var state = new ControlState(spec, generation)
        {
            RestoredCut = restoredCut,
            Round = round,
            MinClock = minClock,
            Index = index,
            NewestCut = newestCut,
            LastCut = lastCut,
            OpenCut = openCut > 0 ? new(openCut, round) : null,
            SwitchFrom = switchFrom,
        };
        if (policy is not null) state.Policy = policy;
        foreach (var rank in ranks) state._ranks[rank.Record.Rank] = rank;
        foreach (var record in roundStart) state._roundStart[record.Rank] = record;
        state._certificates.AddRange(certificates);
        return state;
    }

    /// <summary>A copy that goes its own way.</summary>
    public ControlState Clone(ModelSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var clone = new ControlState(spec, Generation)
        {
            RestoredCut = RestoredCut,
            Round = Round,
            MinClock = MinClock,
            Index = Index,
            NewestCut = NewestCut,
            LastCut = LastCut,
            OpenCut = OpenCut?.Copy(),
            Policy = Policy,
            SwitchFrom = SwitchFrom,
        };
        foreach (var (rank, state) in _ranks.All) clone._ranks[rank] = state;
        foreach (var (rank, record) in _roundStart) clone._roundStart[rank] = record;
        clone._certificates.AddRange(_certificates);
        clone.BeginMap(_map, MapVersion);
        return clone;
    }

    /// <summary>Applies the next decision.</summary>
    public void Apply(ControlEntry entry)
    {
        Index++;
        switch (entry)
        {
            case RankJoined e: Join(e); break;
            case StepFinished e: Finish(e); break;
            case RankRetired e: Retire(e); break;
            case RoundClosed e: CloseRound(e.Certificate); break;
            case CertificatesDropped e: _certificates.RemoveAll(c => c.Round < e.Below); break;
            case CutOpened e: OpenCutAt(e.Cut); break;
            case CutAdopted e: foreach (var rank in e.Ranks) Adopt(rank); break;
            case CutClosed e: CloseCut(e); break;
            case PolicyChanged e: ChangePolicy(e); break;
            case PolicyTaken: EndSwitch(); break;
            case MapChanged e: (_map[e.Block], MapVersion) = (e.Sites, MapVersion + 1); break;
        }
        RaiseMinClock();
    }

    private void Join(RankJoined e)
    {
        var rank = _ranks.All.GetValueOrDefault(e.Rank) ?? RankState.Expected(e.Rank);
        _ranks[e.Rank] = rank with
        {
            Nonce = e.Nonce,
            PastNonces = rank.Nonce == Guid.Empty ? [] : [rank.Nonce, .. rank.PastNonces.Take(RankState.KeptNonces - 1)],
            FirstNonces = e.Resumes ? rank.FirstNonces : [e.Nonce, .. rank.FirstNonces.Take(RankState.KeptNonces - 1)],
            Record = rank.Record with { Incarnation = e.Incarnation, Status = WorkerStatus.Live, Clock = e.Clock },
        };
        Adopt(e.Rank);
    }

    private void Finish(StepFinished e)
    {
        var rank = _ranks[e.Rank];
        var record = rank.Record;
        _ranks[e.Rank] = rank with
        {
            ContributedRound = record.Clock,
            ContributedIncarnation = record.Incarnation,
            Record = record with { Step = record.Step + 1, Clock = record.Clock + 1, Cursor = e.Cursor },
        };
        Adopt(e.Rank);
    }

    private void Retire(RankRetired e)
    {
        var rank = _ranks[e.Rank];
        _ranks[e.Rank] = rank with { Record = rank.Record with { Status = e.Status } };
        Adopt(e.Rank);
    }

    private void CloseRound(Certificate certificate)
    {
        _certificates.Add(certificate);
        Round = certificate.Round + 1;
        foreach (var (rank, state) in _ranks.All.ToArray())
        {
            _roundStart[rank] = state.Record;
            if (state.Record.Status == WorkerStatus.Live && state.ContributedRound != certificate.Round)
                _ranks[rank] = state with { RoundsMissed = state.RoundsMissed + 1 };
        }
    }

    /// <summary>Opens a cut. Under BSP it is the last closed round; otherwise each rank adopts it where it next stands still.</summary>
    private void OpenCutAt(long cut)
    {
        NewestCut = cut;
        OpenCut = new(cut, Round);
        foreach (var (rank, state) in _ranks.All.ToArray())
            if (Policy.IsRounds || state.Record.Status != WorkerStatus.Live) Adopt(rank);
    }

    private void Adopt(int rank)
    {
        var state = _ranks[rank];
        _ranks[rank] = state with { Cut = NewestCut };
        OpenCut?.Add(Policy.IsRounds ? AtRoundStart(state) : state.Record);
    }

    /// <summary>
    /// A rank as it was when the open round began: without the step it contributed to it. Whoever contributed was live in this
    /// round, whatever it was before and is now: the step is to be done again.
    /// </summary>
    private RankRecord AtRoundStart(RankState state)
    {
        var record = state.Record;
        var start = _roundStart.GetValueOrDefault(record.Rank) ?? RankState.Expected(record.Rank).Record;
        return start.Step == record.Step
            ? record with { Clock = Math.Min(record.Clock, Round) }
            : start with { Incarnation = record.Incarnation, Status = WorkerStatus.Live, Clock = Round };
    }

    /// <summary>
    /// Everybody stands still. To BSP all go on in one round; otherwise nobody's clock is below the slowest that was ever told of, so that nobody
    /// waits out an old gap, nor is it forgotten how far ahead others are.
    /// </summary>
    private void ChangePolicy(PolicyChanged e)
    {
        SwitchFrom = Policy.IsRounds ? Round : -1;
        Policy = e.Policy;
        foreach (var (rank, state) in _ranks.All.ToArray())
        {
            var clock = !state.Participates ? state.Record.Clock : Policy.IsRounds ? e.Clock : Math.Max(state.Record.Clock, MinClock);
            _ranks[rank] = state with { ContributedRound = -1, Record = state.Record with { Clock = clock } };
            _roundStart[rank] = _ranks[rank].Record;
        }
        if (Policy.IsRounds) Round = e.Clock;
    }

    private void EndSwitch()
    {
        SwitchFrom = null;
        _certificates.Clear();
    }

    private void CloseCut(CutClosed e)
    {
        OpenCut = null;
        if (e.Completed) LastCut = e.Cut;
    }

    private void RaiseMinClock()
    {
        if (Policy.IsRounds)
        {
            MinClock = Round;
            return;
        }
        if (_ranks.SlowestClock is { } slowest) MinClock = Math.Max(MinClock, slowest);
    }
}
