using System.Diagnostics;

namespace OrleansPs.Torture;

/// <summary>A clock that never jumps, and that is the same in all processes of the machine.</summary>
internal static class SharedClock
{
    // What Stopwatch reads counts from the start of the machine.
    public static TimeSpan Now => Stopwatch.GetElapsedTime(0);
}
