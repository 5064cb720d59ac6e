using OrleansPs.Core.Consistency;

namespace OrleansPs.Hosting;

/// <summary>
/// The second copy of a model's control record, elsewhere than its coordinator. What a coordinator decides is told to nobody before
/// this copy has it, so the next coordinator knows all that anybody was ever told.
/// </summary>
/// <remarks>One call at a time.</remarks>
internal interface IControlJournal
{
    /// <summary>Whether there is a second copy at present.</summary>
    bool HasCopy { get; }

    /// <summary>Adds decisions, in order.</summary>
    /// <param name="entries">They follow on those of the last call.</param>
    /// <param name="state">The coordinator's present state, if a new copy has to be made: it may be ahead of the entries.</param>
    /// <returns>
    /// The index of the newest decision that is safe, at least that of the last entry; null if a newer coordinator has the record.
    /// </returns>
    Task<long?> AppendAsync(IReadOnlyList<AppendToRecord> entries, Func<ControlState> state);

    /// <summary>Sees to it that there is a copy where one should be: silos came or went.</summary>
    /// <returns>As of <see cref="AppendAsync"/>: decisions up to here are safe.</returns>
    Task<long?> RenewAsync(Func<ControlState> state);
}
