namespace OrleansPs;

/// <summary>The rules of embedding tables.</summary>
internal static partial class ModelSpecValidator
{
    private const int LargestRows = 1 << 24;

    private static void CheckTables(ModelSpec spec)
    {
        var names = spec.Parameters.Select(p => p.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var table in spec.Tables)
        {
            RequirePresent(table, "Tables");
            Require(!string.IsNullOrEmpty(table.Name) && table.Name.Length <= 256 && IsText(table.Name) && names.Add(table.Name),
                "Tables", table.Name, "a table's name must be 1 to 256 characters of well-formed Unicode, and not that of another table or parameter.");
            CheckTable($"Tables['{table.Name}']", table, spec);
        }
    }

    private static void CheckTable(string path, EmbeddingTable table, ModelSpec spec)
    {
        Require(table.Width is >= 1 and <= 1 << 16, path + ".Width", table.Width, "it must be 1 to 65,536.");
        Require(table.Shards is >= 1 and <= 4096, path + ".Shards", table.Shards, "it must be 1 to 4,096.");
        Require(table.MaxRowsPerStep is >= 1 and <= LargestRows,
            path + ".MaxRowsPerStep", table.MaxRowsPerStep, "it must be 1 to 16,777,216.");
        Require((long)table.MaxRowsPerStep * table.Width <= Array.MaxLength,
            path + ".MaxRowsPerStep", table.MaxRowsPerStep, $"together they must have at most {Array.MaxLength} floats.");
        Require(table.Group is null || spec.Groups.Any(g => g.Name == table.Group),
            path + ".Group", table.Group, "the model has no group of this name.");
        if (table.Optimizer is not null) OptimizerRules.Check(path + ".Optimizer", table.Optimizer);
        CheckInitializer(path + ".Initializer", table.Initializer);
        if (table.Lifetime is not null) CheckLifetime(path + ".Lifetime", table.Lifetime, table.Shards);
    }

    private static void CheckLifetime(string path, RowLifetime lifetime, int shards)
    {
        Require(lifetime.AdmitAfter is >= 1 and <= 255, path + ".AdmitAfter", lifetime.AdmitAfter, "it must be 1 to 255.");
        Require(lifetime.SketchBytes is >= 4096 and <= 1 << 30, path + ".SketchBytes", lifetime.SketchBytes, "it must be 4,096 to 2^30.");
        Require(lifetime.AdmitAfter == 1 || lifetime.SketchBytes >= 1024L * shards,
            path + ".SketchBytes", lifetime.SketchBytes, "it must be at least 1,024 a shard: a smaller sketch is full at once.");
        Require(lifetime.TimeToLive >= 0, path + ".TimeToLive", lifetime.TimeToLive, "it must be >= 0.");
        Require(lifetime.Capacity == 0 || lifetime.Capacity >= 64L * shards,
            path + ".Capacity", lifetime.Capacity, "it must be 0, or at least 64 a shard.");
    }

    private static Int128 StagedRowBytes(ModelSpec spec)
    {
        Int128 bytes = 0;
        foreach (var table in spec.Tables) bytes += (Int128)table.MaxRowsPerStep * (((long)table.Width * sizeof(float)) + sizeof(long));
        return bytes;
    }
}
