namespace OrleansPs.Embedded;

/// <summary>A parameter service inside this process.</summary>
public sealed class EmbeddedParameterServer
{
}
