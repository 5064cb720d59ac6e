using System.Globalization;
using OrleansPs.Hosting;

namespace OrleansPs.Hosting.Tests;

/// <summary>What this assembly does as a program: one part of a test that needs a second process.</summary>
internal static class ChildProgram
{
    public static async Task<int> Main(string[] arguments)
    {
        switch (arguments)
        {
            case ["hold-lock", var directory]:
                using (SnapshotDirectoryLock.Acquire(directory))
                {
                    Say("held");
                    await Console.In.ReadToEndAsync();
                }
                return 0;
            case ["take-numbers", var directory, var count]:
                var store = new DirectorySnapshotStore(directory);
                for (var i = int.Parse(count, CultureInfo.InvariantCulture); i > 0; i--) Say($"{await Cuts.TakeNumberAsync(store)}");
                return 0;
            case ["write-cuts", var directory]:
                await WriteCutsAsync(new DirectorySnapshotStore(directory));
                return 0;
            case ["try", var what, var directory]:
                Say(await TryAsync(what, directory));
                return 0;
            default:
                return 2;
        }
    }

    /// <summary>Takes snapshots until it is killed, and says the number of each that is durable.</summary>
    private static async Task WriteCutsAsync(DirectorySnapshotStore store)
    {
        while (true)
        {
            var cut = await Cuts.TakeNumberAsync(store);
            Say($"begin {cut}");
            await Cuts.WriteAsync(store, cut);
            Say($"done {cut}");
            await store.RetainAsync(Cuts.Model, 2, default);
            await store.DeleteOrphansAsync(Cuts.Model, null, default);
        }
    }

    /// <summary>How a call ends, as one line.</summary>
    private static async Task<string> TryAsync(string what, string directory)
    {
        var store = new DirectorySnapshotStore(directory);
        try
        {
            switch (what)
            {
                case "probe": await store.ProbeAsync(default); break;
                case "lock": SnapshotDirectoryLock.Acquire(directory).Dispose(); break;
                case "write": await Cuts.WriteAsync(store, 2); break;
                case "load": await Cuts.LoadAsync(store); break;
                case "load-first": await Cuts.LoadAsync(store, 1); break;
                case "list": await store.ListAsync(Cuts.Model, default); break;
                case "number": await Cuts.TakeNumberAsync(store); break;
                default: return "unknown";
            }
            return "done";
        }
        catch (ParameterServerException e)
        {
            return $"{e.GetType().Name}|{e.IsTransient}|{e.Message}";
        }
    }

    private static void Say(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
