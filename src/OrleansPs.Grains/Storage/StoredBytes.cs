namespace OrleansPs.Grains;

/// <summary>What the service keeps in a grain storage: bytes of its own formats, so that every provider can carry them.</summary>
[GenerateSerializer, Alias("orleansps.StoredBytes")]
public sealed class StoredBytes
{
    /// <summary>The bytes.</summary>
    [Id(0)]
    public byte[] Content { get; set; } = [];
}
