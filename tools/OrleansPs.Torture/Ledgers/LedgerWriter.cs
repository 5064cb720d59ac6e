using System.Text;

namespace OrleansPs.Torture;

/// <summary>Writes a worker's ledger. A line that was written survives the worker's death, for nothing is held back.</summary>
/// <remarks>Thread safe.</remarks>
internal sealed class LedgerWriter(string path) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream _file = new(path, FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public void Write(LedgerEventKind kind, long step, long detail)
    {
        lock (_lock) _file.Write(Encoding.ASCII.GetBytes($"{new LedgerEvent(kind, SharedClock.Now, step, detail)}\n"));
    }

    public void Dispose() => _file.Dispose();
}
