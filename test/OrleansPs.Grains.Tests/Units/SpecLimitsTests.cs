using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace OrleansPs.Grains.Tests;

/// <summary>What a cluster can't carry.</summary>
public class SpecLimitsTests
{
    private const int Overhead = 64 << 10;

    private static readonly ModelSpec s_spec = new("m")
    { Parameters = [new("a", [1024])], Optimizer = Optimizer.Sum(), Durability = DurabilityPolicy.Snapshot(), BlockBytes = 8192 };

    [Fact]
    public void A_model_of_ordinary_size_is_let_through() => new SpecLimits(Options.Create(new SiloMessagingOptions())).Check(s_spec);

    [Fact]
    public void Replicas_are_let_through() =>
        new SpecLimits(Options.Create(new SiloMessagingOptions())).Check(s_spec with { Durability = DurabilityPolicy.Replicated() });

    [Fact]
    public void A_blocks_floats_and_some_more_must_fit_in_a_message()
    {
        Limits(8192 + Overhead).Check(s_spec);
        var refused = Refused(s_spec, 8192 + Overhead - 1);
        Assert.Equal(("BlockBytes", (object)8192), (refused.Parameter, refused.Value));
        Assert.Contains("MaxMessageBodySize", refused.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public void There_are_65536_blocks_at_most()
    {
        // 1024 floats a block.
        var most = s_spec with { Parameters = [new("a", [65_536, 1024])], BlockBytes = 4096 };
        Limits(int.MaxValue).Check(most);
        var refused = Refused(most with { Parameters = [.. most.Parameters, new("b", [1])] }, int.MaxValue);
        Assert.Equal("BlockBytes", refused.Parameter);
        Assert.Contains("65537 blocks", refused.Rule, StringComparison.Ordinal);
    }

    private static SpecLimits Limits(int bytes) => new(Options.Create(new SiloMessagingOptions { MaxMessageBodySize = bytes }));

    private static InvalidSpecException Refused(ModelSpec spec, int bytes) =>
        Assert.Throws<InvalidSpecException>(() => Limits(bytes).Check(spec));
}
