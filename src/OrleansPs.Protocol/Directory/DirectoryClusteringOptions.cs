namespace OrleansPs.Protocol;

/// <summary>Where the silos of a machine find each other, and clients find them.</summary>
public sealed class DirectoryClusteringOptions
{
    /// <summary>
    /// A directory that all silos and clients of the cluster see. Environment variables and a leading <c>~/</c> are filled in; what
    /// is relative begins at the current directory.
    /// </summary>
    public string Directory { get; set; } = "";

    /// <summary>Checks every option.</summary>
    /// <exception cref="InvalidOptionsException">There is no directory.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Directory))
            throw new InvalidOptionsException("Orleans:Clustering:Directory", Directory, "it must name a directory that all silos see.");
    }
}
