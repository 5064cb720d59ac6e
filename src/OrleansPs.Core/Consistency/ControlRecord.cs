namespace OrleansPs.Core.Consistency;

/// <summary>
/// The control record of a model: the decisions in order, behind a term. A coordinator raises the term before it reads, and from
/// then on the record refuses its predecessors; so no two coordinators decide.
/// </summary>
/// <param name="spec">The model's spec.</param>
/// <param name="state">What the record begins with; it becomes the record's own.</param>
public sealed class ControlRecord(ModelSpec spec, ControlState state)
{
    /// <summary>The newest term that was raised.</summary>
    public long Term { get; private set; }

    /// <summary>How many entries the record has.</summary>
    public long Index => state.Index;

    /// <summary>Raises the term, and reads.</summary>
    /// <param name="term">Higher than any before, or the same again.</param>
    /// <returns>A copy of the state; null if a higher term was raised already.</returns>
    public ControlState? Raise(long term)
    {
        if (term < Term) return null;
        Term = term;
        return state.Clone(spec);
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="term">The coordinator's term.</param>
    /// <param name="index">The entry's place; an entry that the record has is accepted again.</param>
    /// <param name="entry">The entry.</param>
    /// <returns>False if the term is not the newest, or the entry would leave a gap; nothing has changed then.</returns>
    public bool Append(long term, long index, ControlEntry entry)
    {
        if (term != Term || index > state.Index + 1) return false;
        if (index == state.Index + 1) state.Apply(entry);
        return true;
    }
}
