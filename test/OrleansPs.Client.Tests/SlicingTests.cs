using OrleansPs.Core.Messages;

namespace OrleansPs.Client.Tests;

public sealed class SlicingTests
{
    private static readonly float[] Counting = [.. Enumerable.Range(0, 2500).Select(i => (float)i)];

    /// <summary>Two and a half blocks of a, and b in the rest of the third.</summary>
    private static ModelSpec Spec { get; } = Rig.SpecOf() with { Parameters = [new("a", [2500]), new("b", [3, 100])] };

    [Fact]
    public async Task A_parameter_larger_than_a_block_is_cut_where_its_blocks_end()
    {
        await using var rig = await Rig.JoinAsync(Spec);

        await rig.Session.PushAsync(new() { { "a", Counting.ToArray() } });

        var pushes = rig.Transport.Of(Call.Push).ToArray();
        Assert.Equal([0, 1, 2], pushes.Select(p => p.Block));
        Assert.Equal([1024, 1024, 452], pushes.Select(p => Assert.Single(p.Gradient).Length));
        Assert.Equal(Counting, pushes.SelectMany(p => p.Gradient[0]));
    }

    [Fact]
    public async Task Parameters_that_share_a_block_share_a_request_in_the_order_of_the_block()
    {
        await using var rig = await Rig.JoinAsync(Spec);
        var (a, b) = (Filled(2500, 1), Filled(300, 2));

        await rig.Session.PushAsync(new() { { "b", b }, { "a", a } });

        var shared = Assert.Single(rig.Transport.Of(Call.Push), p => p.Block == 2);
        Assert.Equal([452, 300], shared.Gradient.Select(g => g.Length));
        Assert.Equal([1, 2], shared.Gradient.Select(g => g[0]));
    }

    [Fact]
    public async Task A_pull_asks_for_the_segments_it_names_alone()
    {
        await using var rig = await Rig.JoinAsync(Spec);

        await rig.Session.PullAsync(new() { { "b", new float[300] } });

        var pull = Assert.Single(rig.Transport.Of(Call.Pull));
        Assert.Equal((2, 1), (pull.Block, Assert.Single(pull.Values.ToArray()).Segment));
    }

    [Fact]
    public async Task A_pull_writes_each_piece_to_its_place()
    {
        await using var rig = await Rig.JoinAsync(Spec);
        foreach (var block in new[] { 10, 11, 12 })
        {
            rig.Transport.On(Call.Pull, request =>
            {
                foreach (var slice in request.Values.ToArray()) slice.Values.Span.Fill(block + slice.Segment * 100);
                return Task.FromResult<object>(new BlockReply(BlockStatus.Ok, 0, 0, 0));
            });
        }
        var values = TensorSet.For(rig.Spec);

        await rig.Session.PullAsync(values);

        Assert.Equal([.. Filled(1024, 10), .. Filled(1024, 11), .. Filled(452, 12)], values["a"].ToArray());
        Assert.Equal(Filled(300, 112), values["b"].ToArray());
    }

    [Fact]
    public async Task A_push_pull_is_one_request_a_block()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(3));
        rig.Transport.Value = 7;
        var values = Rig.Tensors("b", "c");

        await rig.Session.PushPullAsync(Rig.Tensors("a", "b"), values);

        Assert.Equal([(Call.Push, 0), (Call.PushPull, 1), (Call.Pull, 2)],
            rig.Transport.Requests.Skip(1).Select(r => (r.Call, r.Block)));
        Assert.All(values, v => Assert.Equal(7, v.Value.Span[1023]));
    }

    [Fact]
    public async Task A_bad_set_is_refused_and_nothing_is_sent()
    {
        await using var rig = await Rig.JoinAsync();
        var (unknown, tooLong) = (Rig.Tensors("a", "nobody"), new TensorSet { { "a", new float[1025] } });

        foreach (var call in new Func<TensorSet, Task>[]
        {
            set => rig.Session.PullAsync(set).AsTask(),
            set => rig.Session.PushAsync(set).AsTask(),
            set => rig.Session.PushPullAsync(set, Rig.Tensors("a")).AsTask(),
            set => rig.Session.PushPullAsync(Rig.Tensors("a"), set).AsTask(),
            set => Task.Run(() => rig.Session.Prefetch(set)),
        })
        {
            Assert.Equal("nobody", (await Assert.ThrowsAsync<UnknownParameterException>(() => call(unknown))).Parameter);
            var error = await Assert.ThrowsAsync<ShapeMismatchException>(() => call(tooLong));
            Assert.Equal(("a", 1024, 1025), (error.Parameter, error.Expected, error.Actual));
            await Assert.ThrowsAsync<ArgumentNullException>(() => call(null!));
        }

        Assert.Single(rig.Transport.Requests);
    }

    [Fact]
    public async Task An_empty_set_is_done_without_a_request()
    {
        await using var rig = await Rig.JoinAsync();

        await rig.Session.PushAsync([]);
        await rig.Session.PullAsync([]);

        Assert.Single(rig.Transport.Requests);
    }

    [Fact]
    public async Task A_set_that_grew_after_its_first_use_is_mapped_anew()
    {
        await using var rig = await Rig.JoinAsync(Rig.SpecOf(2));
        var set = Rig.Tensors("a");
        await rig.Session.PullAsync(set);

        set.Add("b", new float[1024]);
        await rig.Session.PullAsync(set);

        Assert.Equal([0, 0, 1], rig.Transport.Of(Call.Pull).Select(p => p.Block));
    }

    [Fact]
    public async Task More_sets_than_are_remembered_work_all_the_same()
    {
        await using var rig = await Rig.JoinAsync();
        var sets = Enumerable.Range(0, PlanCache.Capacity + 10).Select(_ => Rig.Tensors("a")).ToArray();

        for (var round = 1; round <= 2; round++)
        {
            rig.Transport.Value = round;
            foreach (var set in sets) await rig.Session.PullAsync(set);
            Assert.All(sets, set => Assert.Equal(round, set["a"].Span[0]));
        }
    }

    [Fact]
    public async Task Frozen_parameters_are_pulled_and_not_pushed()
    {
        var spec = Rig.SpecOf() with
        {
            Parameters = [new("a", [1024]), new("b", [1024]) { Group = "still" }],
            Groups = [new("still") { Frozen = true }],
        };
        await using var rig = await Rig.JoinAsync(spec);

        await rig.Session.PushAsync(Rig.Tensors("a", "b"));
        await rig.Session.PushAsync(Rig.Tensors("b"));
        await rig.Session.PullAsync(Rig.Tensors("a", "b"));

        Assert.Equal([(Call.Push, 0), (Call.Pull, 0), (Call.Pull, 1)],
            rig.Transport.Requests.Skip(1).Select(r => (r.Call, r.Block)));
    }

    private static float[] Filled(int length, float value) => [.. Enumerable.Repeat(value, length)];
}
