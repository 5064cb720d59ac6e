using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>
/// Workers under SSP or ASP who push rows, send again, and adopt cuts at their clocks, and a coordinator who opens, takes and gives up
/// cuts, all at random; beside it whole copies of naive tables, one live, one of the open cut.
/// </summary>
internal sealed class OpenCutStory
{
    private readonly Random _random;
    private readonly ModelSpec _spec;
    private readonly RandomRows _pushes;
    private readonly (long Step, int Next, long Cut, int Before)[] _ranks = new (long, int, long, int)[3];
    private RowTwins _twins;
    private NaiveTable _live;
    private HashSet<(int, long, int)> _taken = [];
    private (long Cut, NaiveTable Table, HashSet<(int, long, int)> Taken)? _frozen;
    private long _newest;
    private long _seen;
    private long _written;
    private long _term;

    public OpenCutStory(ModelSpec spec, int seed)
    {
        (_spec, _random) = (spec, new(seed));
        _pushes = new(seed, spec.Tables[0].Width, Keys.OfShard(_random, _random.Next(2) == 0 ? 20 : 130, 0, 1));
        (_twins, _live) = (new(spec), new(spec));
    }

    public int CutsTaken { get; private set; }

    public int LatePushes { get; private set; }

    public void Run(int events)
    {
        for (var i = 0; i < events; i++) Next();
        _twins.AssertSame();
        Restore();
        for (var i = 0; i < events / 2; i++) Next();
        CheckRows();
        _twins.AssertSame();
        _twins.Release();
    }

    private void Next()
    {
        var rank = _random.Next(3);
        var (step, next, cut, before) = _ranks[rank];
        switch (_random.Next(100))
        {
            case < 50:
                if (next >= _spec.PushesPerStep) break;
                Push(rank, step, next, cut);
                _ranks[rank].Next++;
                break;
            // Again, as it was or as a message of before the cut that comes late; or one of the step before.
            case < 62 when next > 0: Push(rank, step, _random.Next(next), _random.Next(4) == 0 ? Math.Max(0, cut - 1) : cut); break;
            case < 65 when before > 0: Push(rank, step - 1, _random.Next(before), Math.Max(0, cut - 1)); break;
            case < 65: break;
            case < 80: _ranks[rank] = (step + 1, 0, _newest, next); break;
            case < 86: CheckRows(); break;
            case < 90: _newest++; break;
            case < 95: TakeCut(); break;
            case < 97: DropCut(); break;
            default: _twins.Fork(); break;
        }
    }

    private void Push(int rank, long step, int sequence, long cut)
    {
        var push = _pushes.Of(rank, step, sequence);
        var clock = step + rank;
        var header = new MessageHeader { Rank = rank, Step = step, Clock = clock, Sequence = sequence, Cut = cut };
        var isNew = IsNew(_taken, rank, step, sequence);
        var status = _twins.Primary.Push(header, null, RandomRows.Slices(push));
        Assert.Equal(Expected(rank, step, sequence, cut), status.Status);
        if (status.Status != BlockStatus.Ok) return;
        if (cut > _seen) Freeze(cut);
        if (cut < _seen && _frozen is { } frozen && frozen.Taken.Add((rank, step, sequence)))
        {
            frozen.Table.Push(push.Keys, push.Rows, clock, _seen, isFrozen: true);
            LatePushes++;
        }
        if (isNew && _taken.Add((rank, step, sequence))) _live.Push(push.Keys, push.Rows, clock, _seen);
    }

    private BlockStatus Expected(int rank, long step, int sequence, long cut)
    {
        var isNew = IsNew(_taken, rank, step, sequence);
        if (cut < _seen && isNew) return cut < _written ? BlockStatus.CutClosed : BlockStatus.Ok;
        var isMissed = cut < _seen && _frozen is { } frozen && IsNew(frozen.Taken, rank, step, sequence);
        return isNew || isMissed ? BlockStatus.Ok : BlockStatus.Duplicate;
    }

    // An older step than the newest is a duplicate, for a rank goes on only when all of a step is acknowledged.
    private static bool IsNew(HashSet<(int Rank, long Step, int)> taken, int rank, long step, int sequence) =>
        !taken.Contains((rank, step, sequence)) && !taken.Any(t => t.Rank == rank && t.Step > step);

    private void Freeze(long cut) => (_frozen, _seen) = ((cut, _live.Clone(), [.. _taken]), cut);

    private void TakeCut()
    {
        if (_newest == 0) return;
        var image = _twins.TakeCut(new() { Rank = -1, Term = ++_term }, _newest);
        if (_newest > _seen) Freeze(_newest);
        Assert.Equal(_frozen?.Cut == _newest, image is not null);
        if (image is null) return;
        Assert.Equal(_frozen!.Value.Table.Dump(), NaiveTable.Dump(image.Rows!));
        _frozen = null;
        _written = _newest;
        CutsTaken++;
    }

    private void DropCut()
    {
        Assert.Equal(BlockStatus.Ok, _twins.Primary.DropCut(new() { Rank = -1, Term = ++_term }, _newest).Status);
        (_frozen, _seen) = (null, Math.Max(_seen, _newest));
    }

    /// <summary>The shard is made anew from a cut into which late pushes went.</summary>
    private void Restore()
    {
        _newest++;
        Freeze(_newest);
        Assert.Equal(BlockStatus.Ok, _twins.Primary.Freeze(new() { Rank = -1, Term = ++_term }, _newest, []).Status);
        for (var i = 0; i < 30; i++) if (_random.Next(100) is < 80) Push(i % 3, _ranks[i % 3].Step + (i / 12), i / 3 % 4, i % 2 == 0 ? _newest : _newest - 1);
        var (_, table, taken) = _frozen!.Value;
        var image = _twins.TakeCut(new() { Rank = -1, Term = ++_term }, _newest)!;
        Assert.Equal(table.Dump(), NaiveTable.Dump(image.Rows!));
        _twins.Release();
        _twins = new(_spec, image, _newest);
        (_live, _taken, _frozen, _seen, _written) = (table, taken, null, _newest, 0);
        for (var r = 0; r < 3; r++) _ranks[r] = (_ranks[r].Step + 4, 0, _newest, 0);
        CheckRows();
    }

    private void CheckRows()
    {
        var rows = _twins.Read(_pushes.All);
        for (var i = 0; i < rows.Length; i++)
            Assert.True(_live.Read(_pushes.All[i]).AsSpan().SequenceEqual(rows[i]), $"key {_pushes.All[i]}");
    }
}
