namespace OrleansPs.Training;

/// <summary>What the specs of several jobs need.</summary>
internal static class JobSpecs
{
    // Reading is bounded by it, too; a few rows at a time would make an evaluation slow.
    private const int LeastRows = 4096;
    private const int MostRows = 1 << 24;

    /// <summary>A bound on the rows of a step that fits a spec.</summary>
    /// <param name="most">How many rows of a table a step may touch.</param>
    public static int RowsPerStep(long most) => (int)Math.Clamp(most, LeastRows, MostRows);
}
