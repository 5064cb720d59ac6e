namespace OrleansPs.Torture;

/// <summary>What one rank was told, over all its lives.</summary>
internal sealed class RankHistory
{
    private readonly List<(TimeSpan At, long Block)> _acknowledgements = [];
    private readonly Dictionary<long, int> _pushesByStep = [];
    private long _finished;

    private RankHistory()
    {
    }

    /// <summary>Pushes that were acknowledged, those among them that were done again.</summary>
    public long Pushes => _acknowledgements.Count;

    /// <summary>When each push was acknowledged, and by which block.</summary>
    public IReadOnlyList<(TimeSpan At, long Block)> Acknowledgements => _acknowledgements;

    /// <summary>Steps that were finished, and had to be done again: a restore does that, and nothing else may.</summary>
    public long SetBack { get; private set; }

    /// <summary>Acknowledged pushes of such steps.</summary>
    public long TakenBack { get; private set; }

    /// <summary>Pulls that lacked the rank's own pushes.</summary>
    public long StalePulls { get; private set; }

    /// <summary>The steps that the rank had finished when it stopped in order; null if it did not.</summary>
    public long? Ended { get; private set; }

    /// <summary>The steps that it knows to be finished.</summary>
    public long Finished => _finished;

    /// <summary>Reads the ledgers of a rank, in the order of its lives.</summary>
    public static RankHistory Of(IEnumerable<IReadOnlyList<LedgerEvent>> lives)
    {
        var history = new RankHistory();
        foreach (var life in lives)
            foreach (var entry in life) history.Add(entry);
        return history;
    }

    private void Add(LedgerEvent entry)
    {
        switch (entry.Kind)
        {
            case LedgerEventKind.Joined:
                Join(entry.Step);
                break;
            case LedgerEventKind.Pushed:
                _acknowledgements.Add((entry.At, entry.Detail));
                _pushesByStep[entry.Step] = _pushesByStep.GetValueOrDefault(entry.Step) + 1;
                break;
            case LedgerEventKind.Clocked:
                _finished = Math.Max(_finished, entry.Step);
                break;
            case LedgerEventKind.Stale:
                StalePulls++;
                break;
            default:
                (_finished, Ended) = (entry.Step, entry.Step);
                break;
        }
    }

    // A worker that was killed may have finished more than it put down, never less.
    private void Join(long step)
    {
        Ended = null;
        if (step < _finished)
        {
            SetBack += _finished - step;
            foreach (var later in _pushesByStep.Keys.Where(s => s >= step).ToArray())
            {
                _pushesByStep.Remove(later, out var pushes);
                TakenBack += pushes;
            }
        }
        _finished = step;
    }
}
