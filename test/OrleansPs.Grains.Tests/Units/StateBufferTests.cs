namespace OrleansPs.Grains.Tests;

/// <summary>A block's state that comes in pieces.</summary>
public class StateBufferTests
{
    private readonly StateBuffer _buffer = new(5);

    [Fact]
    public void Pieces_in_order_are_the_whole()
    {
        Assert.True(_buffer.TryAdd(0, 5, [1, 2]));
        Assert.True(_buffer.TryAdd(2, 5, [3, 4]));
        Assert.True(_buffer.TryAdd(4, 5, [5]));
        Assert.Equal([1, 2, 3, 4, 5], _buffer.Bytes.ToArray());
    }

    [Fact]
    public void A_piece_that_comes_twice_is_harmless()
    {
        Assert.True(_buffer.TryAdd(0, 5, [1, 2]));
        Assert.True(_buffer.TryAdd(2, 5, [3, 4, 5]));
        Assert.True(_buffer.TryAdd(0, 5, [1, 2]));
        Assert.True(_buffer.TryAdd(2, 5, [3, 4, 5]));
        Assert.Equal([1, 2, 3, 4, 5], _buffer.Bytes.ToArray());
    }

    [Fact]
    public void What_is_not_whole_is_not_given_out()
    {
        Assert.Throws<ServerUnavailableException>(() => _buffer.Bytes.Length);
        Assert.True(_buffer.TryAdd(0, 5, [1, 2, 3, 4]));
        Assert.True(_buffer.TryAdd(0, 5, [1, 2]));
        var refused = Assert.Throws<ServerUnavailableException>(() => _buffer.Bytes.Length);
        Assert.Contains("4 bytes of 5", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gap_is_refused()
    {
        Assert.False(_buffer.TryAdd(1, 5, [2]));
        Assert.True(_buffer.TryAdd(0, 5, [1, 2]));
        Assert.False(_buffer.TryAdd(3, 5, [4, 5]));
        Assert.Throws<ServerUnavailableException>(() => _buffer.Bytes.Length);
    }

    [Fact]
    public void Pieces_of_another_whole_or_beyond_its_end_are_refused()
    {
        Assert.True(_buffer.TryAdd(0, 5, [1, 2, 3, 4]));
        Assert.False(_buffer.TryAdd(4, 6, [5]));
        Assert.False(_buffer.TryAdd(4, 4, []));
        Assert.False(_buffer.TryAdd(4, 5, [5, 6]));
        Assert.False(_buffer.TryAdd(-1, 5, [5]));
        Assert.False(_buffer.TryAdd(int.MinValue, 5, [5]));
        Assert.False(_buffer.TryAdd(int.MaxValue, 5, [5]));
        Assert.True(_buffer.TryAdd(4, 5, [5]));
        Assert.Equal([1, 2, 3, 4, 5], _buffer.Bytes.ToArray());
    }

    [Fact]
    public void Nothing_is_whole_at_once() => Assert.True(new StateBuffer(0).Bytes.IsEmpty);
}
