namespace OrleansPs.Grains;

/// <summary>Where a block is, and the way to it.</summary>
/// <param name="Key">Its grain's key, drawn for this place.</param>
/// <param name="Silo">Its silo.</param>
/// <param name="Epoch">How often it moved in this generation.</param>
/// <param name="Grain">The way to it.</param>
internal sealed record BlockSite(string Key, SiloAddress Silo, long Epoch, IBlockControl Grain);
