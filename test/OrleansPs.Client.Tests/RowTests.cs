using OrleansPs.Core.Partitioning;

namespace OrleansPs.Client.Tests;

/// <summary>Pushes and pulls of rows: what leaves the session, what comes back, and what never leaves it.</summary>
public sealed class RowTests
{
    private const float Poison = float.NegativeInfinity;

    private static readonly long[] Six = [long.MinValue, -1, 0, 3, 5, long.MaxValue];

    [Fact]
    public async Task What_is_sent_depends_on_the_keys_and_their_sums_alone()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        await rig.Session.PushRowsAsync(Rows(("t", [5, -1, 3], [50, 51, 10, 11, 30, 31])));
        await rig.Session.PushRowsAsync(Rows(("t", [3, 5], [29, 30, 1, 1]), ("t", [3, -1, 5], [1, 1, 10, 11, 49, 50])));

        var sent = rig.Transport.Of(Call.Push).Select(r => (r.Block, Keys: string.Join(' ', r.Keys), Rows: string.Join(' ', r.Gradient[0]))).ToArray();
        Assert.Equal(sent[..(sent.Length / 2)], sent[(sent.Length / 2)..]);
        foreach (var request in rig.Transport.Of(Call.Push))
        {
            Assert.Equal(request.Keys.Order(), request.Keys);
            Assert.All(request.Keys, key => Assert.Equal(1 + ShardOf(key), request.Block));
            Assert.Equal(request.Keys.SelectMany(k => new[] { k == -1 ? 10f : k * 10, k == -1 ? 11 : (k * 10) + 1 }), request.Gradient[0]);
        }
    }

    [Fact]
    public async Task Rows_are_pulled_once_a_key_and_delivered_as_often_as_they_were_asked_for()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        foreach (var _ in Six.Select(ShardOf).Distinct()) rig.Transport.On(Call.Pull, request =>
        {
            for (var i = 0; i < request.Keys.Length; i++) request.Values.Span[0].Values.Span.Slice(i * 2, 2).Fill(Array.IndexOf(Six, request.Keys[i]));
            return Task.FromResult<object>(new Core.Messages.BlockReply(Core.Messages.BlockStatus.Ok, 0, 0, 0));
        });
        int[] order = [3, 0, 0, 5, 1, 3, 2, 4];
        var rows = Rows(("t", [.. order.Select(i => Six[i])], new float[order.Length * 2]), ("t", [Six[4]], new float[2]));

        await rig.Session.PullRowsAsync(rows);

        Assert.Equal(order.SelectMany(i => new[] { (float)i, i }), rows[0].Rows.ToArray());
        Assert.Equal([4f, 4], rows[1].Rows.ToArray());
        Assert.Equal(Six, rig.Transport.Of(Call.Pull).SelectMany(r => r.Keys).Order());
    }

    [Fact]
    public async Task What_is_wrong_is_told_before_anything_leaves()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        var good = (Table: "t", Keys: new long[] { 1 }, Rows: new float[2]);
        foreach (var call in new Func<RowSet, Task>[] { s => rig.Session.PushRowsAsync(s).AsTask(), s => rig.Session.PullRowsAsync(s).AsTask() })
        {
            var unknown = await Assert.ThrowsAsync<UnknownTableException>(() => call(Rows(good, ("a", [1], new float[2]))));
            Assert.Equal("There is no table 'a'. There are: t, still, u.", unknown.Message);
            var shape = await Assert.ThrowsAsync<RowShapeException>(() => call(Rows(good, ("t", [1, 2], new float[3]))));
            Assert.Equal(("t", 2, 2, 3), (shape.Table, shape.Keys, shape.Width, shape.Actual));
            var many = await Assert.ThrowsAsync<TooManyRowsException>(() => call(Rows(("t", [.. Six, 77], new float[14]))));
            Assert.Equal(("t", 7L, 6), (many.Table, many.Rows, many.Limit));
            await Assert.ThrowsAsync<ArgumentNullException>(() => call(null!));
        }
        Assert.Equal([Call.Join], rig.Transport.Requests.Select(r => r.Call));
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task The_rows_of_a_step_are_counted_over_its_pushes()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        await rig.Session.PushRowsAsync(Rows(("t", [1, 2, 3, 3, 3, 3, 3], new float[14])));
        await rig.Session.PushRowsAsync(Rows(("t", [1], new float[2]), ("u", [1, 2], new float[2])));
        var sent = rig.Transport.Requests.Count;

        var many = await Assert.ThrowsAsync<TooManyRowsException>(() => rig.Session.PushRowsAsync(Rows(("u", [1], new float[1]), ("t", [7, 8, 9], new float[6]))).AsTask());
        Assert.Equal(("t", 7L, 6), (many.Table, many.Rows, many.Limit));
        Assert.Equal(sent, rig.Transport.Requests.Count);

        await rig.Session.PushRowsAsync(Rows(("t", [8, 9], new float[4])));
        await rig.Session.ClockAsync(1);
        await rig.Session.PushRowsAsync(Rows(("t", Six, new float[12])));
        await rig.Session.PullRowsAsync(Rows(("t", [.. Six, .. Six], new float[24])));
    }

    [Fact]
    public async Task Numbers_that_are_not_finite_are_rejected_skipped_or_accepted()
    {
        await using var reject = await Rig.JoinAsync(Spec());
        var error = await Assert.ThrowsAsync<NonFiniteGradientException>(() =>
            reject.Session.PushRowsAsync(Rows(("u", [1], [1]), ("t", [1, 2], [1, 2, 3, Poison]))).AsTask());
        Assert.Equal(("t", 3, Poison), (error.Parameter, error.Index, error.Value));

        await using var skip = await Rig.JoinAsync(Spec() with { NonFinite = NonFinitePolicy.Skip });
        await skip.Session.PushRowsAsync(Rows(("u", [1], [1]), ("t", [1, 2], [1, 2, 3, Poison])));

        await using var accept = await Rig.JoinAsync(Spec() with { NonFinite = NonFinitePolicy.Accept });
        await accept.Session.PushRowsAsync(Rows(("u", [1], [Poison])));

        Assert.Empty(reject.Transport.Of(Call.Push));
        Assert.Empty(skip.Transport.Of(Call.Push));
        Assert.Equal([Poison], accept.Transport.Of(Call.Push).Single().Gradient[0]);
        await skip.Session.ClockAsync(1);
    }

    [Fact]
    public async Task A_clip_by_value_limits_the_sum_of_a_row_and_leaves_the_callers_memory_alone()
    {
        await using var rig = await Rig.JoinAsync(Spec() with { Clipping = GradientClipping.ByValue(0.5) });
        float[] given = [0.4f, 0.1f, 0.4f, -2, 0.4f, 0.3f];

        await rig.Session.PushRowsAsync(Rows(("t", [5, 5, 5], given)));

        Assert.Equal([0.5f, -0.5f], rig.Transport.Of(Call.Push).Single().Gradient[0]);
        Assert.Equal([0.4f, 0.1f, 0.4f, -2, 0.4f, 0.3f], given);
    }

    [Fact]
    public async Task A_clip_by_global_norm_scales_all_rows_of_a_call_by_one_factor()
    {
        await using var rig = await Rig.JoinAsync(Spec() with { Clipping = GradientClipping.ByGlobalNorm(1) });

        // The norm of the sums (3, 0), (0, 0) and 4 is 5; those of the frozen table do not count.
        await rig.Session.PushRowsAsync(Rows(("t", [5, 3, 5], [1, 0, 0, 0, 2, 0]), ("u", [1], [4]), ("still", [1], [1000])));
        await rig.Session.PushRowsAsync(Rows(("t", [5], [0.6f, 0.8f])));

        var sent = rig.Transport.Of(Call.Push).Where(r => r.Header.Sequence == 0).SelectMany(r => r.Keys.Zip(r.Gradient[0].Chunk(r.Gradient[0].Length / r.Keys.Length))).ToArray();
        var factor = (float)(1 / (5 + 1e-6));
        Assert.Contains(sent, s => s.First == 5 && s.Second.SequenceEqual([3 * factor, 0]));
        Assert.Contains(sent, s => s.First == 1 && s.Second.SequenceEqual([4 * factor]));
        Assert.Equal([0.6f, 0.8f], rig.Transport.Of(Call.Push).Last().Gradient[0].Select(v => MathF.Round(v, 5)));
    }

    [Fact]
    public async Task A_frozen_table_is_left_out()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        await rig.Session.PushRowsAsync(Rows(("still", [1, 2], [1, 2])));
        await rig.Session.PushRowsAsync(new RowSet());
        await rig.Session.PullRowsAsync(new RowSet());
        Assert.Equal([Call.Join], rig.Transport.Requests.Select(r => r.Call));
        await rig.Session.ClockAsync(1);

        await rig.Session.PullRowsAsync(Rows(("still", [1, 2], new float[2])));
        Assert.Equal([1, 2], rig.Transport.Of(Call.Pull).Single().Keys);
    }

    [Fact]
    public async Task Rows_are_pulled_anew_each_time_and_leave_the_cache_of_parameters_alone()
    {
        await using var rig = await Rig.JoinAsync(Spec(ConsistencyPolicy.StaleSynchronous(3)), new() { Cache = PullCache.WithinBound });
        await rig.Session.PullAsync(Rig.Tensors("a"));
        for (var i = 0; i < 2; i++)
        {
            await rig.Session.PullRowsAsync(Rows(("u", [1, 2], new float[2])));
            await rig.Session.PullAsync(Rig.Tensors("a"));
        }
        Assert.Equal([0, Block("u"), Block("u")], rig.Transport.Of(Call.Pull).Select(r => r.Block));
    }

    [Fact]
    public async Task Pushes_of_rows_and_of_parameters_are_numbered_block_by_block()
    {
        await using var rig = await Rig.JoinAsync(Spec());
        await rig.Session.PushRowsAsync(Rows(("t", [5], new float[2])));
        await rig.Session.PushAsync(Rig.Tensors("a"));
        await rig.Session.PushRowsAsync(Rows(("t", [5], new float[2]), ("u", [1], new float[1])));
        await rig.Session.PushAsync(Rig.Tensors("a"));
        var shard = 1 + ShardOf(5);
        Assert.Equal([(shard, 0), (0, 0), (shard, 1), (Block("u"), 0), (0, 1)], rig.Transport.Of(Call.Push).Select(r => (r.Block, r.Header.Sequence)));
        await rig.Session.ClockAsync(1);
        await rig.Session.PushRowsAsync(Rows(("t", [5], new float[2])));
        Assert.Equal((1L, 0), (rig.Transport.Of(Call.Push).Last().Header.Step, rig.Transport.Of(Call.Push).Last().Header.Sequence));
    }

    [Fact]
    public async Task A_push_that_gets_no_answer_is_sent_again_as_it_was()
    {
        await using var rig = await Rig.JoinAsync(Spec(), new() { RequestTimeout = Rig.Second });
        rig.Transport.Lose(Call.Push);
        var push = rig.Session.PushRowsAsync(Rows(("t", [5, 5], [1, 2, 3, 4]))).AsTask();
        // Another call in between has memory of its own.
        await rig.Session.PushRowsAsync(Rows(("u", [1], [9])));
        rig.PassUntilEnd(push);
        await push;
        var sent = rig.Transport.Of(Call.Push).Where(r => r.Block == 1 + ShardOf(5)).ToArray();
        Assert.Equal(2, sent.Length);
        Assert.Equal(sent[0].Header, sent[1].Header);
        Assert.All(sent, s => Assert.True(s.Keys is [5] && s.Gradient[0] is [4, 6]));
    }

    [Fact]
    public async Task A_full_shard_is_told_by_name_and_not_asked_again_and_the_step_is_done_anew_without_it()
    {
        await using var rig = await Rig.JoinAsync(Spec(ConsistencyPolicy.Asynchronous));
        rig.Transport.On(Call.Push, _ => Task.FromResult<object>(new Core.Messages.BlockReply(Core.Messages.BlockStatus.TableFull, 7, 8, 0)));

        var full = await Assert.ThrowsAsync<TableFullException>(() => rig.Session.PushRowsAsync(Rows(("t", [5], [1, 2]))).AsTask());

        Assert.Equal(("t", ShardOf(5), 7L, 8L, false), (full.Table, full.Shard, full.Rows, full.Limit, full.IsTransient));
        Assert.Single(rig.Transport.Of(Call.Push));
        var abort = await Assert.ThrowsAsync<StepRestartException>(() => rig.Session.PushRowsAsync(Rows(("t", [5], [1, 2]))).AsTask());
        Assert.Equal(StepRestartReason.StepAborted, abort.Reason);
        await rig.Session.ResumeAsync();
        rig.Transport.On(Call.Push, _ => Task.FromResult<object>(new Core.Messages.BlockReply(Core.Messages.BlockStatus.TableFull, 1, 2, 0)));
        full = await Assert.ThrowsAsync<TableFullException>(() => rig.Session.PushRowsAsync(Rows(("u", [1], [3]))).AsTask());
        Assert.Equal(("u", 0), (full.Table, full.Shard));
        await rig.Session.ResumeAsync();
        await rig.Session.PushRowsAsync(Rows(("t", [3], [1, 2])));
        await rig.Session.ClockAsync(1);
    }

    [Fact]
    public async Task Over_real_blocks_a_pull_reads_what_was_pushed()
    {
        var spec = Spec(ConsistencyPolicy.Asynchronous);
        var rig = Rig.Of(spec);
        await using var session = await WorkerSession.JoinAsync(new InProcessTransport(spec), spec, 0, new(), rig.Environment, default);
        var random = new Random(4);
        var expected = Six.ToDictionary(k => k, _ => new float[2]);
        for (var step = 0; step < 30; step++)
        {
            long[] keys = [.. Enumerable.Range(0, 20).Select(_ => Six[random.Next(6)])];
            var gradients = Enumerable.Range(0, 40).Select(_ => (float)random.Next(-5, 6)).ToArray();
            for (var i = 0; i < 40; i++) expected[keys[i / 2]][i % 2] += gradients[i];
            await session.PushRowsAsync(Rows(("t", keys, gradients)));
            var read = Rows(("t", keys, new float[40]));
            await session.PullRowsAsync(read);
            Assert.Equal(keys.SelectMany(k => expected[k]), read[0].Rows.ToArray());
            await session.ClockAsync(step);
        }
    }

    private static ModelSpec Spec(ConsistencyPolicy? consistency = null) => Rig.SpecOf(1, consistency) with
    {
        Tables =
        [
            new("t", 2) { Shards = 4, MaxRowsPerStep = 6 },
            new("still", 1) { Shards = 1, MaxRowsPerStep = 6, Group = "still" },
            new("u", 1) { Shards = 1, MaxRowsPerStep = 6 },
        ],
        Groups = [new("still") { Frozen = true }],
    };

    private static int Block(string table) => BlockLayout.Create(Spec()) is var layout ? layout.FirstShardOf(layout.TableIndexOf(table)) : -1;

    private static int ShardOf(long key) => KeyHash.Shard(KeyHash.Of(key), 4);

    private static RowSet Rows(params (string Table, long[] Keys, float[] Rows)[] batches)
    {
        var set = new RowSet();
        foreach (var (table, keys, rows) in batches) set.Add(table, keys, rows);
        return set;
    }
}
