using System.Diagnostics;
using System.Reflection.PortableExecutable;

namespace OrleansPs.Architecture;

/// <summary>Core is pure, and the check would notice if it were not: this very assembly commits every offence.</summary>
public sealed class PureCodeTests
{
    private static readonly Lazy<string[]> OwnOffences = new(() => Offences("OrleansPs.Architecture"));

    [Fact]
    public void Core_uses_no_clock_no_thread_no_randomness_and_no_input_or_output() =>
        Assert.Empty(Offences("OrleansPs.Core"));

    [Theory]
    [InlineData("System.DateTime::get_Now")]
    [InlineData("System.DateTime::get_UtcNow")]
    [InlineData("System.DateTimeOffset::get_Now")]
    [InlineData("System.DateTimeOffset::get_UtcNow")]
    [InlineData("System.Diagnostics.Stopwatch::GetTimestamp")]
    [InlineData("System.Environment::get_TickCount64")]
    [InlineData("System.TimeProvider::get_System")]
    [InlineData("System.Threading.Thread::Yield")]
    [InlineData("System.Threading.Tasks.Task::get_CompletedTask")]
    [InlineData("System.Threading.Tasks.ValueTask`1")]
    [InlineData("System.Threading.Interlocked::Increment")]
    [InlineData("System.Threading.Monitor::Enter")]
    [InlineData("System.Random::get_Shared")]
    [InlineData("System.Random::.ctor")]
    [InlineData("System.Guid::NewGuid")]
    [InlineData("System.Console::WriteLine")]
    [InlineData("System.IO.File::Exists")]
    [InlineData("System.IO.Directory::Exists")]
    [InlineData("System.IO.Path::Combine")]
    [InlineData("System.IO.FileStream::.ctor")]
    public void An_offence_is_found(string offence) => Assert.Contains(offence, OwnOffences.Value);

    [Theory]
    [InlineData("Microsoft.Extensions.Logging.ILogger")]
    [InlineData("Orleans.Grain")]
    [InlineData("System.Threading.Lock")]
    [InlineData("System.Diagnostics.Metrics.Meter")]
    public void A_banned_type_is_found(string type) => Assert.Equal([type], PureCode.Check(With(type)));

    [Theory]
    [InlineData("System.DateTimeOffset", "System.DateTimeOffset::Add")]
    [InlineData("System.Guid", "System.Guid::TryWriteBytes")]
    [InlineData("System.Environment", "System.Environment::get_CurrentManagedThreadId")]
    [InlineData("System.IO.InvalidDataException", "System.IO.InvalidDataException::.ctor")]
    [InlineData("OrleansPs.ModelSpec", "OrleansPs.ModelSpec::get_Name")]
    public void Times_and_identifiers_that_were_handed_in_are_fine(string type, string member) =>
        Assert.Empty(PureCode.Check(With(type, member)));

    private static AssemblyReferences With(string type, params string[] members) =>
        new(new HashSet<string>(), new HashSet<string> { type }, members.ToHashSet());

    private static string[] Offences(string assembly)
    {
        using var file = new PEReader(File.OpenRead(Path.Combine(AppContext.BaseDirectory, assembly + ".dll")));
        return [.. PureCode.Check(AssemblyReferences.Read(file))];
    }

    /// <summary>Never called: it exists to be compiled, so that its references are there to be found.</summary>
    private sealed class Offender
    {
        private readonly Lock _lock = new();
        private readonly object _monitor = new();
        private int _count;

        public static DateTime[] Clocks() => [DateTime.Now, DateTime.UtcNow, DateTimeOffset.Now.Date, DateTimeOffset.UtcNow.Date];

        public static long[] Ticks() =>
            [Stopwatch.GetTimestamp(), Environment.TickCount64, TimeProvider.System.GetTimestamp()];

        public static int Chance() => Random.Shared.Next() + new Random(1).Next() + Guid.NewGuid().GetHashCode();

        public static Task Wait() => Thread.Yield() ? Task.CompletedTask : new ValueTask<int>(1).AsTask();

        public static FileStream Files(string name)
        {
            Console.WriteLine(File.Exists(name) || Directory.Exists(name));
            return new FileStream(Path.Combine(name, name), FileMode.Open);
        }

        public int Count()
        {
            lock (_monitor)
            {
                lock (_lock)
                {
                    return Interlocked.Increment(ref _count);
                }
            }
        }
    }
}
