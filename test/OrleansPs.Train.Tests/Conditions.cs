namespace OrleansPs.Train.Tests;

/// <summary>A test on the real data set; it is skipped where that is not.</summary>
public sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute()
    {
        if (!Directory.Exists(Location)) Skip = $"the data set is not there: {Location}";
    }

    public static string Location { get; } = DataDirectory.Find(null, Environment.GetEnvironmentVariable);
}

/// <summary>The same for several cases.</summary>
public sealed class RealDataTheoryAttribute : TheoryAttribute
{
    public RealDataTheoryAttribute() => Skip = new RealDataFactAttribute().Skip;
}

/// <summary>A test with the signals or the shell of Unix; it is skipped on Windows.</summary>
public sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Windows has no such signals and no such shell.";
    }
}
