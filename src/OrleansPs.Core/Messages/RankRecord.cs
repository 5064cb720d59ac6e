namespace OrleansPs.Core.Messages;

/// <summary>What is kept of a rank, in the control record and in a snapshot's manifest.</summary>
/// <param name="Rank">The rank.</param>
/// <param name="Incarnation">How often the rank was taken up.</param>
/// <param name="Status">What the rank is to the model.</param>
/// <param name="Step">Steps finished: the number of the next step.</param>
/// <param name="Clock">The clock of the next step.</param>
/// <param name="Cursor">The data cursor of the last finished step.</param>
public sealed record RankRecord(int Rank, long Incarnation, WorkerStatus Status, long Step, long Clock, long Cursor)
{
    /// <summary>Cursors taken over from ranks that no longer exist.</summary>
    public IReadOnlyList<InheritedCursor> Inherited { get; init; } = [];
}
