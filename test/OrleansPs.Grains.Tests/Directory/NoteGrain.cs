using Orleans.Runtime;

namespace OrleansPs.Grains.Tests;

/// <summary>Remembers one thing, and says where it is.</summary>
public interface INoteGrain : IGrainWithStringKey
{
    Task WriteAsync(Thing thing);

    Task<Thing> ReadAsync();

    Task<string> WhereAsync();
}

public sealed class NoteGrain(
    [PersistentState("note", "notes")] IPersistentState<Thing> note, ILocalSiloDetails silo) : Grain, INoteGrain
{
    public Task WriteAsync(Thing thing)
    {
        note.State = thing;
        return note.WriteStateAsync();
    }

    public Task<Thing> ReadAsync() => Task.FromResult(note.State);

    public Task<string> WhereAsync() => Task.FromResult(silo.Name);
}
