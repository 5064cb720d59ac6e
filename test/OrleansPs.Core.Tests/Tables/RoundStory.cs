using OrleansPs.Core.Blocks;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Tests.Blocks;

namespace OrleansPs.Core.Tests.Tables;

/// <summary>
/// Rounds of a table under BSP: ranks push in any order among each other, send again, come back under a new incarnation, and are or are
/// not in the certificate; cuts are frozen between rounds and taken later. Beside it a naive table.
/// </summary>
internal sealed class RoundStory
{
    private readonly Random _random;
    private readonly ModelSpec _spec;
    private readonly RandomRows _pushes;
    private readonly RowTwins _twins;
    private readonly NaiveTable _live;
    private readonly int[] _incarnations = [1, 1, 1];
    private readonly int[] _next = new int[3];
    private (long Cut, string Rows)? _frozen;
    private long _cut;

    public RoundStory(ModelSpec spec, int seed)
    {
        (_spec, _random) = (spec, new(seed));
        _pushes = new(seed, spec.Tables[0].Width, Keys.OfShard(_random, _random.Next(2) == 0 ? 20 : 130, 0, 1));
        (_twins, _live) = (new(spec), new(spec));
    }

    public void Run()
    {
        for (var round = 0L; round < 25; round++)
        {
            for (var i = _random.Next(14); i > 0; i--) Push(_random.Next(3), round);
            if (_random.Next(4) == 0) _twins.Fork();
            if (_random.Next(3) == 0) Freeze(round);
            if (_random.Next(3) == 0) Take();
            Close(round);
            Check();
        }
        _twins.AssertSame();
        _twins.Release();
    }

    private void Push(int rank, long round)
    {
        if (_random.Next(12) == 0)
        {
            _incarnations[rank]++;
            _next[rank] = 0;
        }
        var sequence = _random.Next(5) == 0 ? _random.Next(_spec.PushesPerStep + 1) : _next[rank];
        var expected = sequence >= _spec.PushesPerStep ? BlockStatus.WindowExceeded
            : sequence < _next[rank] ? BlockStatus.Duplicate
            : sequence > _next[rank] ? BlockStatus.OutOfOrder
            : BlockStatus.Ok;
        var header = new MessageHeader { Rank = rank, Incarnation = _incarnations[rank], Step = round, Clock = round, Sequence = sequence, Certificate = round };
        Assert.Equal(expected, _twins.Primary.Push(header, null, RandomRows.Slices(_pushes.Of(rank, round, sequence))).Status);
        if (expected == BlockStatus.Ok) _next[rank]++;
    }

    private void Freeze(long round)
    {
        var header = new MessageHeader { Rank = -1, Term = 1, Certificate = round };
        Assert.Equal(BlockStatus.Ok, _twins.Primary.Freeze(header, ++_cut, []).Status);
        _frozen = (_cut, _live.Dump());
    }

    private void Take()
    {
        if (_frozen is not { } frozen) return;
        Assert.Equal(frozen.Rows, NaiveTable.Dump(_twins.TakeCut(new() { Rank = -1, Term = 1 }, frozen.Cut)!.Rows!));
        _frozen = null;
    }

    /// <summary>Each rank's rows are added up in the order of its pushes, then over ranks in their order, then reduced.</summary>
    private void Close(long round)
    {
        int[] members = [.. Enumerable.Range(0, 3).Where(_ => _random.Next(5) != 0)];
        var certificate = new Certificate(round, [.. members.Select(r => new CertificateMember(r, _incarnations[r]))]);
        Assert.Equal(BlockStatus.Ok, _twins.Primary.Certify(new() { Rank = -1 }, [certificate]).Status);
        var sum = new OrderedSum();
        foreach (var rank in members)
        {
            var own = new OrderedSum();
            for (var n = 0; n < _next[rank]; n++) own.Add(_pushes.Of(rank, round, n));
            sum.Add((own.Keys, own.Rows));
        }
        if (_spec.Reduction == Reduction.Mean && members.Length > 1) sum.Divide(members.Length);
        _live.Push(sum.Keys, sum.Rows, round, _cut);
        Array.Clear(_next);
    }

    private void Check()
    {
        var rows = _twins.Read(_pushes.All);
        for (var i = 0; i < rows.Length; i++)
            Assert.True(_live.Read(_pushes.All[i]).AsSpan().SequenceEqual(rows[i]), $"key {_pushes.All[i]}");
    }

    private sealed class OrderedSum
    {
        private readonly List<long> _keys = [];
        private readonly List<float[]> _rows = [];

        public long[] Keys => [.. _keys];

        public float[][] Rows => [.. _rows];

        public void Add((long[] Keys, float[][] Rows) rows)
        {
            for (var i = 0; i < rows.Keys.Length; i++)
            {
                var at = _keys.IndexOf(rows.Keys[i]);
                if (at < 0)
                {
                    _keys.Add(rows.Keys[i]);
                    _rows.Add([.. rows.Rows[i]]);
                    continue;
                }
                for (var j = 0; j < rows.Rows[i].Length; j++) _rows[at][j] += rows.Rows[i][j];
            }
        }

        public void Divide(int by)
        {
            foreach (var row in _rows)
                for (var j = 0; j < row.Length; j++) row[j] /= by;
        }
    }
}
