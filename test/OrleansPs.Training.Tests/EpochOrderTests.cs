namespace OrleansPs.Training.Tests;

public class EpochOrderTests
{
    [Fact]
    public void An_order_holds_every_example_once()
    {
        var order = new EpochOrder(1000, seed: 7).Of(3).ToArray();
        Assert.Equal(Enumerable.Range(0, 1000), order.Order());
        Assert.NotEqual(Enumerable.Range(0, 1000), order);
    }

    [Fact]
    public void An_order_depends_on_seed_and_epoch_alone()
    {
        var orders = new EpochOrder(100, seed: 7);
        var first = orders.Of(1).ToArray();
        var second = orders.Of(2).ToArray();

        Assert.NotEqual(first, second);
        Assert.Equal(first, orders.Of(1).ToArray());
        Assert.NotEqual(first, new EpochOrder(100, seed: 8).Of(1).ToArray());
    }

    // A snapshot's data cursor means nothing if a new version shuffles otherwise.
    [Fact]
    public void The_order_of_a_known_seed_never_changes() =>
        Assert.Equal([2, 3, 6, 4, 7, 9, 0, 8, 1, 5], new EpochOrder(10, seed: 42).Of(0).ToArray());
}
