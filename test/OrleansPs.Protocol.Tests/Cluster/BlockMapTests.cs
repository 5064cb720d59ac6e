namespace OrleansPs.Protocol.Tests;

public sealed class BlockMapTests
{
    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 2, true)]
    [InlineData(1, 0, false)]
    [InlineData(2, 0, true)]
    [InlineData(0, 9, false)]
    public void A_map_is_newer_by_its_generation_and_then_by_its_version(long generation, long version, bool isNewer)
    {
        var known = new BlockMap(1, 5, 1, []);

        Assert.Equal(isNewer, new BlockMap(generation, 0, version, []).IsNewerThan(known));
        Assert.True(known.IsNewerThan(null));
    }
}
