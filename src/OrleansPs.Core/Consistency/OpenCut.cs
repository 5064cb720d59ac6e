using OrleansPs.Core.Messages;

namespace OrleansPs.Core.Consistency;

/// <summary>A cut that is under way, and where each rank stands in it.</summary>
/// <param name="Cut">Its number.</param>
/// <param name="Round">Under BSP the number of closed rounds that it holds.</param>
public sealed record OpenCut(long Cut, long Round)
{
    private SortedDictionary<int, RankRecord> _positions = [];

    /// <summary>The ranks that have adopted the cut, where they stood then.</summary>
    public IReadOnlyDictionary<int, RankRecord> Positions => _positions;

    internal void Add(RankRecord position) => _positions.TryAdd(position.Rank, position);

    internal OpenCut Copy() => this with { _positions = new(_positions) };
}
