using OrleansPs.Core.Consistency;
using OrleansPs.Core.Replication;

namespace OrleansPs.Simulation;

/// <summary>
/// What is decided in one generation, as the run's judge sees it: the entries that some copy holds which a next coordinator would read.
/// Each is told to the history; a place is decided once.
/// </summary>
internal sealed class SimRecord(World world, ControlState first, History history)
{
    private readonly List<byte[]> _entries = [];
    private readonly BlockSites[] _map = [.. first.Map];

    public History History => history;

    public long Generation => history.Generation;

    /// <summary>Who holds each block by the decisions.</summary>
    public IReadOnlyList<BlockSites> Map => _map;

    /// <summary>How many decisions there are.</summary>
    public long Count => _entries.Count;

    public void Commit(long term, long index, byte[] entry)
    {
        if (index <= _entries.Count)
        {
            if (!_entries[(int)index - 1].AsSpan().SequenceEqual(entry))
                world.Violate("P3", $"Two decisions at {Generation}/{index}: {Text(_entries[(int)index - 1])} and, in term {term}, {Text(entry)}");
            return;
        }
        if (index != _entries.Count + 1)
        {
            world.Violate("P3", $"A decision at {Generation}/{index} follows {_entries.Count}.");
            return;
        }
        _entries.Add(entry);
        var decoded = ControlEntryCodec.Decode(entry);
        if (world.Trace.IsOn) world.Trace.Write($"record {Generation}/{index} term {term}: {decoded}");
        history.Apply(decoded);
        if (decoded is not MapChanged e) return;
        _map[e.Block] = e.Sites;
        world.SiloFate.MapChanged(e.Sites.Primary);
    }

    private static string Text(byte[] entry) => System.Text.Encoding.UTF8.GetString(entry);
}
