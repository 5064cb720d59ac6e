using System.Collections;

namespace OrleansPs.Abstractions.Tests;

/// <summary>Names with the caller's memory, in the order of adding.</summary>
public class TensorSetTests
{
    private static readonly ModelSpec Spec = new("m")
    { Parameters = [new("w", [2, 3]), new("b", [])], Optimizer = Optimizer.Sgd() };

    [Fact]
    public void A_set_for_a_model_has_memory_for_every_parameter()
    {
        var set = TensorSet.For(Spec);
        Assert.Equal(2, set.Count);
        Assert.Equal(["w", "b"], set.Select(t => t.Key));
        Assert.Equal([6, 1], set.Select(t => t.Value.Length));
        Assert.All(set["w"].ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Memory_is_the_callers_own()
    {
        var mine = new float[4];
        var set = new TensorSet { { "w", mine.AsMemory(1, 2) } };
        set["w"].Span[0] = 7;
        Assert.Equal([0, 7, 0, 0], mine);
        Assert.Equal(2, set["w"].Length);
    }

    [Fact]
    public void The_order_is_that_of_adding()
    {
        var set = new TensorSet { { "z", new float[1] }, { "a", new float[2] } };
        Assert.Equal(("z", 1), (set[0].Key, set[0].Value.Length));
        Assert.Equal(("a", 2), (set[1].Key, set[1].Value.Length));
        Assert.Equal(["z", "a"], ((IEnumerable)set).Cast<KeyValuePair<string, Memory<float>>>().Select(t => t.Key));
        Assert.Throws<ArgumentOutOfRangeException>(() => set[2]);
    }

    [Fact]
    public void A_name_is_added_once()
    {
        var set = new TensorSet { { "w", new float[1] } };
        var e = Assert.Throws<ArgumentException>(() => set.Add("w", new float[2]));
        Assert.Contains("'w'", e.Message, StringComparison.Ordinal);
        Assert.Equal(1, set.Count);
        Assert.Equal(1, set["w"].Length);
        set.Add("W", new float[3]);
        Assert.Equal(2, set.Count);
    }

    [Fact]
    public void A_name_is_needed()
    {
        Assert.ThrowsAny<ArgumentException>(() => new TensorSet { { "", new float[1] } });
        Assert.ThrowsAny<ArgumentException>(() => new TensorSet { { null!, new float[1] } });
        Assert.Throws<ArgumentNullException>(() => TensorSet.For(null!));
    }

    [Fact]
    public void A_name_that_is_not_there_is_told_with_those_that_are()
    {
        var e = Assert.Throws<UnknownParameterException>(() => TensorSet.For(Spec)["v"]);
        Assert.Equal("v", e.Parameter);
        Assert.Equal("There is no parameter 'v'. There are: w, b.", e.Message);
    }
}
