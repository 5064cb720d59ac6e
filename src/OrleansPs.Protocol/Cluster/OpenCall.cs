namespace OrleansPs.Protocol;

/// <summary>
/// A call that is not answered yet, and what the map said when it was sent: so it can be given up when a newer map says
/// otherwise.
/// </summary>
internal abstract class OpenCall
{
    /// <summary>The block that was called, or this for the coordinator.</summary>
    public const int Coordinator = -1;

    // Even while the call is open, odd when it is decided how it ends; each use takes the next two.
    private int _state = 1;

    /// <summary>Its place among the open calls, kept by them; -1 for none.</summary>
    public int Slot { get; set; } = -1;

    /// <summary>When it was sent.</summary>
    public long Since { get; set; }

    /// <summary>Which use of this object it is, for <see cref="Abandon"/>.</summary>
    public int Use => Volatile.Read(ref _state) & ~1;

    protected int Block { get; private set; }

    protected BlockMap? Map { get; private set; }

    /// <summary>Whether a map says that the answer will not come, or will not count.</summary>
    public bool IsContradictedBy(BlockMap newer)
    {
        if (Map is not { } map)
        {
            // A coordinator was called before anything was known: the first map says which one that was.
            Map = newer;
            return false;
        }
        return Block == Coordinator ? newer.Term > map.Term
            : newer.Generation != map.Generation || newer.Places[Block] != map.Places[Block];
    }

    /// <summary>Ends the wait, if that use of the object is still waiting.</summary>
    public abstract void Abandon(int use, ServerUnavailableException reason);

    protected void Open(int block, BlockMap? map)
    {
        (Block, Map) = (block, map);
        Interlocked.Increment(ref _state);
    }

    protected bool TryDecide(int use) => Interlocked.CompareExchange(ref _state, use | 1, use) == use;
}
