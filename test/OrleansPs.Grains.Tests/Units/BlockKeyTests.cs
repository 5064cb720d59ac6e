using System.Net;
using Orleans.Runtime;
using OrleansPs.Protocol;

namespace OrleansPs.Grains.Tests;

/// <summary>A block's key says where it is.</summary>
public class BlockKeyTests
{
    private static readonly Guid s_nonce = new("0f000000-0000-0000-0000-000000000001");

    [Theory]
    [InlineData("10.0.0.1", 11111, 17)]
    [InlineData("::1", 1, 0)]
    [InlineData("fe80::3%4", 65535, int.MaxValue)]
    public void The_silo_of_a_key_is_the_one_it_was_made_of(string address, int port, int generation)
    {
        var silo = SiloAddress.New(new IPEndPoint(IPAddress.Parse(address), port), generation);
        var key = BlockKey.Of("mnist", 3, s_nonce, silo);
        Assert.True(BlockKey.TryGetSilo(key, out var found));
        Assert.Equal(silo, found);
    }

    [Fact]
    public void It_is_read_by_people_too() => Assert.Equal(
        "mnist/3/0f000000000000000000000000000001/10.0.0.1:11111@17",
        BlockKey.Of("mnist", 3, s_nonce, SiloAddress.New(IPAddress.Parse("10.0.0.1"), 11111, 17)));

    [Fact]
    public void Two_places_have_two_keys()
    {
        var silo = SiloAddress.New(IPAddress.Loopback, 1, 1);
        string[] keys =
        [
            BlockKey.Of("a", 1, s_nonce, silo), BlockKey.Of("b", 1, s_nonce, silo), BlockKey.Of("a", 2, s_nonce, silo),
            BlockKey.Of("a", 1, Guid.Empty, silo), BlockKey.Of("a", 1, s_nonce, SiloAddress.New(IPAddress.Loopback, 1, 2)),
        ];
        Assert.Equal(5, keys.Distinct().Count());
    }

    [Theory]
    [InlineData("")]
    [InlineData("mnist")]
    [InlineData("a/b/c")]
    [InlineData("mnist/3/0f000000000000000000000000000001/")]
    [InlineData("mnist/3/0f000000000000000000000000000001/silo")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1@17")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:11111")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:70000@17")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:-1@17")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:11111@99999999999")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:11111@x")]
    [InlineData("mnist/3/0f000000000000000000000000000001/host:11111@17")]
    [InlineData("mnist/3/0f000000000000000000000000000001/@")]
    [InlineData("mnist/3/0f000000000000000000000000000001/:@")]
    [InlineData("mnist/3/0f000000000000000000000000000001/:1@1")]
    [InlineData("mnist/3/0f000000000000000000000000000001/10.0.0.1:11111@17/more")]
    [InlineData("mnist/x/0f000000000000000000000000000001/10.0.0.1:11111@17")]
    [InlineData("mnist/3/nonce/10.0.0.1:11111@17")]
    public void What_is_no_blocks_key_has_no_silo(string key)
    {
        Assert.False(BlockKey.TryGetSilo(key, out var silo));
        Assert.Null(silo);
    }
}
