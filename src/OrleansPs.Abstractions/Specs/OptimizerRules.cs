using static OrleansPs.ModelSpecValidator;

namespace OrleansPs;

/// <summary>The rules of an <see cref="Optimizer"/>, one method a kind.</summary>
internal static class OptimizerRules
{
    private const string BelowOne = "it must be 0 or more and below 1 as float32.";
    private const string ZeroToOne = "it must be 0 to 1.";

    public static void Check(string path, Optimizer optimizer)
    {
        Require(optimizer is not null, path, null, "the model needs one.");
        RequireAtLeastZero(path + ".Lr", optimizer!.Lr);
        RequireAtLeastZero(path + ".WeightDecay", optimizer.WeightDecay);
        switch (optimizer)
        {
            case SgdOptimizer sgd: Check(path, sgd); break;
            case AdamOptimizer adam: Check(path, adam); break;
            case AdagradOptimizer adagrad: Check(path, adagrad); break;
            case RmsPropOptimizer rmsProp: Check(path, rmsProp); break;
            case FtrlProximalOptimizer ftrl: Check(path, ftrl); break;
            case RowwiseAdagradOptimizer rowwise: Check(path, rowwise); break;
        }
    }

    private static void Check(string path, SgdOptimizer sgd)
    {
        Require(sgd.Momentum is >= 0 and <= 1, path + ".Momentum", sgd.Momentum, ZeroToOne);
        Require(sgd.Dampening is >= 0 and <= 1, path + ".Dampening", sgd.Dampening, ZeroToOne);
        Require(!sgd.Nesterov || ((float)sgd.Momentum > 0 && sgd.Dampening == 0),
            path + ".Nesterov", sgd.Nesterov, "it needs a momentum above 0 as float32 and a dampening of 0.");
    }

    private static void Check(string path, AdamOptimizer adam)
    {
        Require(adam.Beta1 >= 0 && (float)adam.Beta1 < 1, path + ".Beta1", adam.Beta1, BelowOne);
        Require(adam.Beta2 >= 0 && (float)adam.Beta2 < 1, path + ".Beta2", adam.Beta2, BelowOne);
        RequireAboveZero(path + ".Eps", adam.Eps);
    }

    private static void Check(string path, AdagradOptimizer adagrad)
    {
        RequireAtLeastZero(path + ".LrDecay", adagrad.LrDecay);
        RequireAtLeastZero(path + ".InitialAccumulatorValue", adagrad.InitialAccumulatorValue);
        RequireAboveZero(path + ".Eps", adagrad.Eps);
    }

    private static void Check(string path, RmsPropOptimizer rmsProp)
    {
        Require(rmsProp.Alpha >= 0 && (float)rmsProp.Alpha < 1, path + ".Alpha", rmsProp.Alpha, BelowOne);
        RequireAboveZero(path + ".Eps", rmsProp.Eps);
        Require(rmsProp.Momentum is >= 0 and <= 1, path + ".Momentum", rmsProp.Momentum, ZeroToOne);
        Require(!rmsProp.Centered || rmsProp.Momentum == 0, path + ".Centered", rmsProp.Centered,
            "it goes with a momentum of 0 alone: an element has room for two numbers of state, not three.");
    }

    private static void Check(string path, FtrlProximalOptimizer ftrl)
    {
        RequireAboveZero(path + ".Beta", ftrl.Beta);
        RequireAtLeastZero(path + ".L1", ftrl.L1);
        RequireAtLeastZero(path + ".L2", ftrl.L2);
    }

    private static void Check(string path, RowwiseAdagradOptimizer rowwise)
    {
        RequireAtLeastZero(path + ".InitialAccumulatorValue", rowwise.InitialAccumulatorValue);
        RequireAboveZero(path + ".Eps", rowwise.Eps);
    }

    private static void RequireAtLeastZero(string path, double value) => Require(IsAtLeastZero(value), path, value, AtLeastZero);

    private static void RequireAboveZero(string path, double value) => Require(IsAboveZero(value), path, value, AboveZero);
}
