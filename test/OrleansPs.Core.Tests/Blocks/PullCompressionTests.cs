using OrleansPs.Core.Blocks;
using OrleansPs.Core.Compression;
using OrleansPs.Core.Messages;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Tests.Optimizers;

namespace OrleansPs.Core.Tests.Blocks;

/// <summary>A block answers workers with codes, or what they stand for, and readers with its values.</summary>
public sealed class PullCompressionTests : IDisposable
{
    private static readonly ModelSpec s_spec = new("m")
    {
        Parameters = [new("coded", [600], Initializer.Normal()), new("plain", [5], Initializer.Normal()) { PullCompression = GradientCompression.None }],
        Optimizer = Optimizer.Sum(),
        PullCompression = GradientCompression.Int8,
        Consistency = ConsistencyPolicy.Asynchronous,
    };

    private readonly BlockReplica _block = new(s_spec, BlockLayout.Create(s_spec).Blocks[0], 0);

    [Fact]
    public void A_worker_gets_what_the_code_stands_for_and_a_reader_the_values()
    {
        var (exact, worker, other) = (Room(), Room(), Room());
        Assert.Equal(BlockStatus.Ok, _block.Pull(Reader, null, exact).Status);
        Assert.Equal(BlockStatus.Ok, _block.Pull(Worker, null, worker).Status);
        Assert.Equal(BlockStatus.Ok, _block.PushPull(Worker, null, [new(0, new float[600])], other).Status);

        Bits.AssertSame(ScalarTwin(exact[0].Values.ToArray()), worker[0].Values.ToArray());
        Assert.NotEqual(exact[0].Values.ToArray(), worker[0].Values.ToArray());
        Bits.AssertSame(exact[1].Values.ToArray(), worker[1].Values.ToArray());
        for (var s = 0; s < 2; s++) Bits.AssertSame(worker[s].Values.ToArray(), other[s].Values.ToArray());
    }

    [Fact]
    public void Room_for_codes_is_given_codes()
    {
        var (values, codes) = (Room(), CodeRoom(GradientCompressionMode.Int8, 600, 612));
        _block.Pull(Worker, null, values);
        Assert.Equal(BlockStatus.Ok, _block.Pull(Worker, null, codes).Status);

        for (var s = 0; s < 2; s++)
        {
            var received = new float[codes[s].Length];
            codes[s].Code.Decode(0, received);
            Bits.AssertSame(values[s].Values.ToArray(), received);
        }
    }

    [Theory]
    [InlineData(GradientCompressionMode.Bf16, 600, 612)]
    [InlineData(GradientCompressionMode.Int8, 599, 612)]
    [InlineData(GradientCompressionMode.Int8, 600, 611)]
    public void Room_for_another_code_is_refused(GradientCompressionMode mode, int length, int bytes)
    {
        var room = CodeRoom(mode, length, bytes);
        Assert.Throws<ArgumentException>(() => _block.Pull(Worker, null, room));
        Assert.Throws<ArgumentException>(() => _block.PushPull(Worker, null, [new(0, new float[600])], room));
    }

    [Fact]
    public void A_block_says_which_of_its_segments_are_encoded()
    {
        Assert.Equal([GradientCompressionMode.Int8, GradientCompressionMode.None], _block.PullModes);
        var plain = s_spec with { PullCompression = GradientCompression.None };
        var block = new BlockReplica(plain, BlockLayout.Create(plain).Blocks[0], 0);
        Assert.Empty(block.PullModes);
        block.Release();
    }

    public void Dispose() => _block.Release();

    private static MessageHeader Worker => new();

    private static MessageHeader Reader => new() { Rank = -1, Clock = -1 };

    private static SegmentSlice[] Room() => [new(0, new float[600]), new(1, new float[5])];

    private static SegmentSlice[] CodeRoom(GradientCompressionMode mode, int length, int bytes) =>
        [new(0, default) { Code = new(mode, length, new byte[bytes]) }, new(1, default) { Code = new(GradientCompressionMode.None, 5, new byte[20]) }];

    private static float[] ScalarTwin(float[] values) => Compression.ScalarCodecs.Int8Nearest(values);
}
