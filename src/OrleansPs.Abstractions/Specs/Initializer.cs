namespace OrleansPs;

/// <summary>
/// The first values of a parameter. They depend on the model's seed, the parameter's name and the element's index alone,
/// not on blocks, machines or order.
/// </summary>
/// <remarks>
/// fan_in and fan_out of a shape as in PyTorch for a layer whose weight is stored [in, out]: for two or more dimensions
/// fan_in is the product of all but the last, fan_out the last; for fewer, both are the number of elements.
/// </remarks>
public abstract record Initializer
{
    private protected Initializer() { }

    /// <summary>All zeros.</summary>
    public static Initializer Zeros { get; } = new ConstantInitializer(0);

    /// <summary>All one value.</summary>
    public static Initializer Constant(float value) => new ConstantInitializer(value);

    /// <summary>Uniform in [low, high).</summary>
    public static Initializer Uniform(float low, float high) => new UniformInitializer(low, high);

    /// <summary>Normal with a mean and a standard deviation.</summary>
    public static Initializer Normal(float mean = 0, float std = 1) => new NormalInitializer(mean, std);

    /// <summary>Uniform in +-gain sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 16).</summary>
    public static Initializer XavierUniform(float gain = 1) => new ScaledInitializer(FanMode.Average, false, gain);

    /// <summary>Normal with std gain sqrt(2 / (fan_in + fan_out)) (Glorot and Bengio 2010, eq. 12).</summary>
    public static Initializer XavierNormal(float gain = 1) => new ScaledInitializer(FanMode.Average, true, gain);

    /// <summary>Uniform in +-sqrt(6 / fan_in) (He et al. 2015, eq. 10, for ReLU).</summary>
    public static Initializer HeUniform() => new ScaledInitializer(FanMode.In, false, MathF.Sqrt(2));

    /// <summary>Normal with std sqrt(2 / fan_in) (He et al. 2015, eq. 10, for ReLU).</summary>
    public static Initializer HeNormal() => new ScaledInitializer(FanMode.In, true, MathF.Sqrt(2));
}

/// <summary>See <see cref="Initializer.Constant"/>.</summary>
/// <param name="Value">The value.</param>
public sealed record ConstantInitializer(float Value) : Initializer;

/// <summary>See <see cref="Initializer.Uniform"/>.</summary>
/// <param name="Low">The smallest value.</param>
/// <param name="High">The bound that no value reaches.</param>
public sealed record UniformInitializer(float Low, float High) : Initializer;

/// <summary>See <see cref="Initializer.Normal"/>.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Std">The standard deviation, >= 0.</param>
public sealed record NormalInitializer(float Mean, float Std) : Initializer;

/// <summary>Variance scaling: variance gain^2 / fan, of a uniform or a normal distribution.</summary>
/// <param name="Fan">Which fan: in, or the average of in and out.</param>
/// <param name="IsNormal">Normal rather than uniform.</param>
/// <param name="Gain">The factor on the standard deviation, > 0.</param>
public sealed record ScaledInitializer(FanMode Fan, bool IsNormal, float Gain) : Initializer;

/// <summary>Which fan scales a variance.</summary>
public enum FanMode
{
    /// <summary>The inputs of a unit.</summary>
    In,

    /// <summary>The mean of inputs and outputs.</summary>
    Average,
}
