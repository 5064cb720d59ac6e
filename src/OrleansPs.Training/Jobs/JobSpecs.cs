namespace OrleansPs.Training;

/// <summary>What the specs of several jobs need.</summary>
internal static class JobSpecs
{
    private const int MostRows = 1 << 24;

    /// <summary>A bound on the rows of a step that fits a spec.</summary>
    public static int RowsPerStep(long most) => (int)Math.Clamp(most, 1, MostRows);
}
