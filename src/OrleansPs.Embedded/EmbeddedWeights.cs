using OrleansPs.Client;
using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Hosting;

namespace OrleansPs.Embedded;

/// <summary>Puts a model to given values where there is no storage to write them to: all blocks are made in memory first.</summary>
internal static class EmbeddedWeights
{
    public static async Task<LoadReport> LoadAsync(
        ModelHost model, IWeightSource weights, LoadOptions options, CancellationToken cancellationToken)
    {
        var blocks = new WeightBlocks(model.Spec, weights, options);
        var images = new List<BlockImage>();
        try
        {
            for (var block = 0; block < blocks.Shapes.Count; block++)
                images.Add(await blocks.ReadAsync(block, cancellationToken).ConfigureAwait(false));
            await using var prepared = new EmbeddedBlockFactory(model.Spec, BlockLayout.Create(model.Spec), null).Prepare(images);
            await model.BeginAnewAsync(prepared, cancellationToken).ConfigureAwait(false);
            return blocks.Report;
        }
        finally
        {
            foreach (var image in images) image.ReturnArrays();
        }
    }
}
