namespace OrleansPs.Bench;

/// <summary>How gradients are sent.</summary>
/// <param name="Name">As it is given.</param>
/// <param name="BytesPerFloat">Of a float32, on the way.</param>
/// <param name="EncodeMebibyte">Microseconds of the worker for 2^20 bytes of float32.</param>
/// <param name="DecodeMebibyte">The same of the silo.</param>
internal sealed record EncodingCost(string Name, double BytesPerFloat, double EncodeMebibyte, double DecodeMebibyte)
{
    /// <summary>Those that the plan knows: chunks of 256 with a scale or two means, 1 % of the elements of 8 bytes.</summary>
    public static IReadOnlyList<EncodingCost> All { get; } =
    [
        new("none", 4, 0, 0), new("bf16", 2, 80, 30), new("int8", 1 + (4 / 256.0), 170, 40), new("topk", 0.01 * 8, 390, 20), new("onebit", (1 / 8.0) + (8 / 256.0), 340, 50),
    ];
}

/// <summary>What is to be planned for.</summary>
internal sealed record CapacityInput
{
    /// <summary>Dense float32 parameters.</summary>
    public long Parameters { get; init; } = 25_000_000;

    /// <summary>Floats of optimizer state for each of them: SGD 0, momentum 1, Adam 2.</summary>
    public int StateFloats { get; init; }

    public int BlockBytes { get; init; } = ModelSpec.DefaultBlockBytes;

    /// <summary>Rows of an embedding table; 0 for none.</summary>
    public long Rows { get; init; }

    public int Width { get; init; } = 16;

    /// <summary>Distinct rows that a step pulls and pushes.</summary>
    public int BatchRows { get; init; }

    public int Workers { get; init; } = 16;

    public int Silos { get; init; } = 4;

    /// <summary>Seconds of computing in a step.</summary>
    public double StepSeconds { get; init; } = 1;

    public ConsistencyPolicy Consistency { get; init; } = ConsistencyPolicy.Asynchronous;

    /// <summary>Under SSP(s): whether sessions read their copies within the bound.</summary>
    public bool IsCached { get; init; }

    public bool IsReplicated { get; init; }

    /// <summary>Seconds between snapshots; 0 for none.</summary>
    public double SnapshotSeconds { get; init; }

    public EncodingCost Encoding { get; init; } = EncodingCost.All[0];
}
