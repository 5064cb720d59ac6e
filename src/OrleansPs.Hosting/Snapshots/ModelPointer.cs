namespace OrleansPs.Hosting;

/// <summary>
/// The numbers of a model that rise by compare-and-swap and are never used twice, not even after a crash.
/// </summary>
/// <param name="Generation">It rises whenever the model starts or is put back to a snapshot.</param>
/// <param name="Term">The newest coordinator's term.</param>
/// <param name="NextCut">The number of the next cut, from 1.</param>
public readonly record struct ModelPointer(long Generation, long Term, long NextCut)
{
    /// <summary>The numbers of a new model.</summary>
    public static ModelPointer First { get; } = new(0, 0, 1);

    /// <summary>Whether nobody else has begun a generation or taken a term between the two; cut numbers rise meanwhile.</summary>
    internal bool IsOfSameTermAs(ModelPointer other) => Generation == other.Generation && Term == other.Term;

    internal bool IsBelow(ModelPointer other) =>
        Generation < other.Generation || Term < other.Term || NextCut < other.NextCut;
}
