namespace OrleansPs.Train;

/// <summary>Shows a run while it goes on.</summary>
internal interface IRunDisplay
{
    /// <summary>Shows until the run is over, and what came last once more.</summary>
    /// <param name="monitor">What is shown.</param>
    /// <param name="run">The run; how it ends is not the display's business.</param>
    Task ShowAsync(RunMonitor monitor, Task run);
}
