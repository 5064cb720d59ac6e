using Microsoft.Extensions.Options;
using Orleans.Configuration;
using OrleansPs.Core.Partitioning;

namespace OrleansPs.Grains;

/// <summary>What a cluster can't carry, beyond what a spec itself forbids.</summary>
internal sealed class SpecLimits(IOptions<SiloMessagingOptions> messaging)
{
    // A push-pull has the block's floats, and the rest is small.
    private const int Overhead = 64 << 10;

    public void Check(ModelSpec spec)
    {
        var limit = messaging.Value.MaxMessageBodySize;
        if (spec.BlockBytes + Overhead > limit)
            throw new InvalidSpecException("BlockBytes", spec.BlockBytes,
                $"the silos take messages of at most {limit} bytes: use smaller blocks, or raise MaxMessageBodySize on silos and clients.");
        foreach (var table in spec.Tables)
        {
            var bytes = table.MaxRowsPerStep * (((long)table.Width * sizeof(float)) + sizeof(long));
            if (bytes + Overhead > limit)
                throw new InvalidSpecException($"Tables['{table.Name}'].MaxRowsPerStep", table.MaxRowsPerStep,
                    $"that many rows of width {table.Width} are {bytes} bytes, and the silos take messages of at most {limit}: allow fewer, or raise MaxMessageBodySize on silos and clients.");
        }
        if (BlockLayout.Create(spec).Blocks.Count is var blocks && blocks > MaxBlocks)
            throw new InvalidSpecException("BlockBytes", spec.BlockBytes, $"the model would have {blocks} blocks, at most {MaxBlocks}: use larger ones.");
    }

    private const int MaxBlocks = 65_536;
}
