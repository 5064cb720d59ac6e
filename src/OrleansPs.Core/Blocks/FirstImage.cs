using OrleansPs.Core.Partitioning;
using OrleansPs.Core.Snapshots;
using OrleansPs.Core.Tables;

namespace OrleansPs.Core.Blocks;

/// <summary>Images of blocks that nothing has happened to yet.</summary>
public static class FirstImage
{
    /// <summary>A block with its first values and without updates.</summary>
    /// <param name="spec">The model's spec, valid.</param>
    /// <param name="shape">The block's shape in the spec's layout.</param>
    /// <param name="version">Rounds applied (BSP).</param>
    /// <returns>An image whose arrays come from the shared pool: <see cref="BlockImage.ReturnArrays"/> gives them back.</returns>
    public static BlockImage Of(ModelSpec spec, BlockShape shape, long version = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(shape);
        if (shape.Table < 0) return BlockState.Create(spec, shape).ToImage(version, 0, []);
        var body = new TableBody(spec, shape, null);
        try
        {
            return body.ToImage(new(version, 0, []));
        }
        finally
        {
            body.Release();
        }
    }
}
