using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>Workers who push more keys than a shard may have rows, in rounds or around open cuts; a standby follows.</summary>
internal sealed class FullStory
{
    private const int Most = 10;
    private readonly ModelSpec _spec;
    private readonly Random _random;
    private readonly RandomRows _rows;
    private readonly BlockReplica _standby;
    private readonly BlockReplica _primary;
    private long _step;
    private long _cut;

    public FullStory(ModelSpec spec, int seed)
    {
        (_spec, _random) = (spec, new(seed));
        _rows = new(seed, spec.Tables[0].Width, Keys.OfShard(_random, 14, 0, 1));
        _standby = FullTableTests.Replica(spec);
        _primary = FullTableTests.Replica(spec, sink: new Feed(_standby));
    }

    public int Refused { get; private set; }

    public int Taken { get; private set; }

    public int Images { get; private set; }

    private bool IsRounds => _spec.Consistency.Mode == ConsistencyMode.BulkSynchronous;

    public void Run(int events)
    {
        for (var i = 0; i < events; i++)
        {
            switch (_random.Next(20))
            {
                case < 14: Push(_random.Next(3)); break;
                case < 17: Advance(); break;
                case < 19: Freeze(); break;
                default: Take(); break;
            }
            Assert.InRange(Count(), 0, Most);
        }
        Assert.Equal(_primary.ToState(_spec.Name), _standby.ToState(_spec.Name));
        _primary.Release();
        _standby.Release();
    }

    // A replica's state begins with its image.
    private int Count() => ReplicaStateCodec.Decode(
        _primary.ToState(_spec.Name), _spec, BlockLayout.Create(_spec).Blocks[0], 0, 0).Image.Rows!.Count;

    private void Push(int rank)
    {
        var sequence = IsRounds ? 0 : _random.Next(_spec.PushesPerStep);
        var header = new MessageHeader
        {
            Rank = rank, Step = _step, Clock = _step, Sequence = sequence, Certificate = IsRounds ? _step : 0,
            Cut = Math.Max(0, _cut - _random.Next(2)),
        };
        var entry = _primary.LastEntry;
        var status = _primary.Push(header, null, RandomRows.Slices(_rows.Of(rank, _step, sequence))).Status;
        if (status == BlockStatus.Ok) Taken++;
        if (status != BlockStatus.TableFull) return;
        Assert.Equal(entry, _primary.LastEntry);
        Refused++;
    }

    private void Advance()
    {
        if (IsRounds) Assert.Equal(BlockStatus.Ok, _primary.Certify(new() { Rank = -1 }, [new(_step, [new(0, 0), new(2, 0)])]).Status);
        _step++;
    }

    private void Freeze() => Assert.Equal(
        BlockStatus.Ok, _primary.Freeze(new() { Rank = -1, Certificate = IsRounds ? _step : 0 }, ++_cut, []).Status);

    private void Take()
    {
        var (_, image) = _primary.TakeCut(new() { Rank = -1, Certificate = IsRounds ? _step : 0 }, _cut);
        if (image is null) return;
        Assert.InRange(image.Rows!.Count, 0, Most);
        image.ReturnArrays();
        Images++;
    }
}
