namespace OrleansPs.Core.Snapshots;

/// <summary>Which chunk a chunk says it is.</summary>
/// <param name="Model">The model.</param>
/// <param name="Generation">The model's generation when the cut was taken, >= 0.</param>
/// <param name="Cut">The cut, >= 0.</param>
/// <param name="Block">The block's index, >= 0.</param>
/// <param name="Epoch">The block's epoch, >= 0.</param>
public readonly record struct ChunkIdentity(string Model, long Generation, long Cut, int Block, long Epoch)
{
    /// <summary>The chunk's name; see <see cref="ChunkName"/>.</summary>
    public string Name => ChunkName.Of(Generation, Cut, Block, Epoch);
}
